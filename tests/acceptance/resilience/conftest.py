"""A gateway and two upstreams that fail as they are told, for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.live import LiveGateway, live_gateway
from tests.support.scripted_upstream import BilledUpstream
from tests.support.stores import BACKINGS, Stores

METRICS_TOKEN = "metrics-token-of-the-proofs"


@pytest.fixture(scope="module")
def first() -> Iterator[BilledUpstream]:
    with BilledUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def second() -> Iterator[BilledUpstream]:
    with BilledUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    directory = tmp_path_factory.mktemp("resilience")
    environment = {"GATEWAY_METRICS_TOKEN": METRICS_TOKEN}
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        yield gateway

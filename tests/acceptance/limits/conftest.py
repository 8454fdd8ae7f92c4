"""Gateways for the proofs of limits, on each backing, and their upstream."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.limits.site import Site, running_site
from tests.support.scripted_upstream import BilledUpstream
from tests.support.stores import BACKINGS, Stores


@pytest.fixture(scope="module")
def upstream() -> Iterator[BilledUpstream]:
    with BilledUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module", params=BACKINGS)
def site(
    request: pytest.FixtureRequest,
    stores: Stores,
    upstream: BilledUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("proofs")
    with running_site(stores, request.param, directory, upstream) as site:
        yield site

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.hosts.site import Cluster, running_cluster
from tests.support import parts
from tests.support.network import Network, network_namespaces
from tests.support.scripted_upstream import BilledUpstream
from tests.support.stores import BACKINGS, Stores


@pytest.fixture(scope="package")
def network() -> Iterator[Network]:
    if network_namespaces() is None:
        pytest.skip("network namespaces take root, and iproute2")
    with Network() as network:
        yield network


@pytest.fixture(scope="package")
def upstream() -> Iterator[BilledUpstream]:
    with BilledUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="package")
def cluster(
    network: Network,
    upstream: BilledUpstream,
    stores: Stores,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cluster]:
    program = parts.require("nginx", parts.program("nginx"))
    directory = tmp_path_factory.mktemp("hosts")
    with (
        stores.open(BACKINGS[1], directory / "data") as environment,
        running_cluster(network, directory, environment, upstream, program) as cluster,
    ):
        yield cluster

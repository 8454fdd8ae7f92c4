"""From one version to the next, host by host, while clients ask, and one step back.

``make upgrade-proof PREVIOUS=<commit>`` runs this; ``test_hosts.py`` has a restart of each host.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.hosts.load import assert_recorded, roll, under_load
from tests.acceptance.hosts.site import Cluster, running_cluster
from tests.support import parts
from tests.support.environment import ROOT, clean_environment
from tests.support.network import Network
from tests.support.processes import wait_until
from tests.support.scripted_upstream import BilledUpstream
from tests.support.stores import BACKINGS, Stores

pytestmark = [pytest.mark.acceptance, pytest.mark.several_hosts, pytest.mark.timeout(600)]

PREVIOUS = os.environ.get("GATEHOUSE_PREVIOUS", "")  # a directory with the code of a version
MODEL = "rolled"


@pytest.fixture
def previous_cluster(
    network: Network, upstream: BilledUpstream, stores: Stores, tmp_path: Path
) -> Iterator[Cluster]:
    """Both hosts serve the previous version, on a database as that version made it."""
    program = parts.require("nginx", parts.program("nginx"))
    code = Path(PREVIOUS)
    with stores.open(BACKINGS[1], tmp_path / "data", is_migrated=False) as environment:
        migrate(code, environment)
        with running_cluster(network, tmp_path, environment, upstream, program, code) as cluster:
            yield cluster


def migrate(code: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "migrate", "--no-input", "-v0"]
    subprocess.run(command, cwd=code, env=clean_environment(**environment), check=True)


@pytest.mark.skipif(not PREVIOUS, reason="takes GATEHOUSE_PREVIOUS, as make upgrade-proof sets it")
def test_no_request_fails_from_one_version_to_the_next_and_back(previous_cluster: Cluster) -> None:
    cluster, previous = previous_cluster, Path(PREVIOUS)
    key = cluster.offer(MODEL, user=MODEL)
    with under_load(cluster, key, MODEL) as outcomes:
        wait_until(lambda: outcomes.succeeded > 20, what="some responses")
        migrate(ROOT, cluster.gateways[0].environment)
        roll(cluster, ROOT)
        roll(cluster, previous)
        reached = outcomes.succeeded
        wait_until(lambda: outcomes.succeeded > reached + 20, what="responses of the ones before")
    assert outcomes.failed == {}
    assert_recorded(cluster, MODEL, outcomes.succeeded)

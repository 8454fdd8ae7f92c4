"""The benchmark's parts fit together: a run too short to mean anything."""

import sys
from pathlib import Path

import pytest

from benchmarks import comparison, table
from benchmarks.contenders import Gatehouse, Nginx
from benchmarks.contenders.contender import Prepared
from benchmarks.measuring import LoadError
from benchmarks.processes import Server, free_port

# Streams take thrice as long as those that are left in the warm-up are held.
EFFORT = comparison.Effort(connections=2, seconds=0.3, streams=3, chunks=15, warm_up_seconds=0.01)


class Unable:
    name = "unable"

    def prepare(self, directory: Path, upstream: str) -> Prepared:
        command = [sys.executable, "-c", "raise SystemExit('not today')"]
        server = Server(command=command, port=free_port(), ready_path="/")
        return Prepared(server=server, url=upstream, key="")


@pytest.fixture(scope="module")
def result():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")  # without nginx, wherever this runs
        return comparison.run((Gatehouse(), Unable(), Nginx()), EFFORT)


@pytest.mark.long
def test_the_gateway_is_measured(result):
    figures = result["contenders"]["Gatehouse"]
    assert figures["chat"]["requests"] > 0
    assert figures["stream"]["chunks"] == EFFORT.streams * (EFFORT.chunks + 1)
    assert figures["short_stream"]["chunks"] == EFFORT.streams * 2
    assert figures["stream"]["unfinished"] == 0
    assert all(row.value(figures) is not None for row in table.ROWS)
    assert figures["start_seconds"] > 0
    assert figures["idle_rss_mb"] > 10


def test_a_chunk_costs_what_longer_streams_cost_more():
    short = {"cpu_seconds": 0.5, "chunks": 1000}
    long = {"cpu_seconds": 1.0, "chunks": 11_000}
    assert comparison.cpu_per_chunk(short, long) == pytest.approx(50e-6)
    with pytest.raises(LoadError, match="longer"):
        comparison.cpu_per_chunk(long, short)


@pytest.mark.long
def test_so_is_the_upstream_by_itself(result):
    assert result["upstream_alone"]["requests_per_second"] > 0


@pytest.mark.long
def test_who_is_missing_or_fails_is_named_with_the_reason(result):
    assert result["skipped"] == {
        "unable": "it ended with 1: not today",
        "nginx": "there is no nginx on the PATH",
    }

"""Many slow streams, then all clients gone at once: what is held, and what is let go."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks import processes
from benchmarks.contenders.gatehouse import Gatehouse
from benchmarks.measuring import measured

CHUNKS_PER_SECOND = 20
SETTLE_SECONDS = 10.0
IDLE_CONNECTIONS = 4  # the listening socket, and lists of models being asked for
WARM_UP_SECONDS = 3.0


def run(seconds: float, streams: int) -> dict[str, Any]:
    """``streams`` for ``seconds``, after a short round of as many for memory to find its level.

    ``before`` and ``after`` are the second round's; what one stream costs is told from ``idle`` on.
    """
    mock = processes.mock_upstream(
        MOCK_CHUNKS=str(int(CHUNKS_PER_SECOND * (seconds + 60))),
        MOCK_CHUNKS_PER_SECOND=str(CHUNKS_PER_SECOND),
    )
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        prepared = Gatehouse().prepare(directory, f"http://127.0.0.1:{mock.port}/v1")
        with (
            processes.running(mock, directory / "upstream.log"),
            processes.running(prepared.server, directory / "gateway.log") as process,
        ):
            idle = held(process)
            target = [prepared.url, prepared.key, "--connections", str(streams)]
            measured(process, ["abandon", *target, "--seconds", str(WARM_UP_SECONDS)])
            settled(process)
            time.sleep(1)  # for what the database was opened for
            before = held(process)
            load = measured(process, ["abandon", *target, "--seconds", str(seconds)])
            released_after = settled(process)
            time.sleep(1)
            after = held(process)
    return {
        "streams": streams,
        "load": load,
        "idle": idle,
        "before": before,
        "peak_rss_mb": load["peak_rss_mb"],
        "after": after,
        "released_seconds": released_after,
    }


def held(process: psutil.Process) -> dict[str, float]:
    return {
        "descriptors": process.num_fds(),
        "rss_mb": processes.rss_mb(process),
    }


def settled(process: psutil.Process) -> float:
    """Wait until the streams' connections are gone on both sides. Returns seconds."""
    started = time.monotonic()
    while len(process.net_connections("tcp")) > IDLE_CONNECTIONS:
        if time.monotonic() - started > SETTLE_SECONDS:
            raise SystemExit("connections are still open")
        time.sleep(0.02)
    return time.monotonic() - started


def show(result: dict[str, Any]) -> None:
    load, before, after = result["load"], result["before"], result["after"]
    per_stream = (result["peak_rss_mb"] - result["idle"]["rss_mb"]) * 1024 / result["streams"]
    rows = [
        ("streams at once", f"{result['streams']}"),
        ("chunks relayed", f"{load['chunks']:.0f}"),
        ("errors", f"{load['errors']:.0f}"),
        ("time to first chunk, p50", f"{load['ttft_p50_ms']:.0f} ms"),
        ("time to first chunk, p99", f"{load['ttft_p99_ms']:.0f} ms"),
        ("CPU per streamed chunk", f"{load['cpu_seconds'] / load['chunks'] * 1e6:.1f} µs"),
        ("CPU load of the worker", f"{load['cpu_seconds'] / load['seconds'] * 100:.0f} %"),
        ("RSS per stream", f"{per_stream:.0f} KB"),
        ("RSS idle / peak", f"{result['idle']['rss_mb']:.0f} / {result['peak_rss_mb']:.0f} MB"),
        ("RSS before / after", f"{before['rss_mb']:.0f} / {after['rss_mb']:.0f} MB"),
        ("descriptors before / after", f"{before['descriptors']:.0f} / {after['descriptors']:.0f}"),
        ("all released after", f"{result['released_seconds']:.2f} s"),
    ]
    for label, value in rows:
        print(f"  {label:<38}{value:>20}")

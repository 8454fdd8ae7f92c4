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


def run(seconds: float, streams: int, rounds: int = 1) -> dict[str, Any]:
    """``rounds`` of ``streams`` for ``seconds``, after a short one for memory to find its level.

    ``before`` is what was held after the short round. What one stream costs is told from ``idle``
    on.
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
            abandon = ["abandon", *target, "--seconds", str(seconds)]
            done = [one_round(process, abandon) for _ in range(rounds)]
    return {"streams": streams, "idle": idle, "before": before, "rounds": done}


def one_round(process: psutil.Process, abandon: list[str]) -> dict[str, Any]:
    load = measured(process, abandon)
    released_after = settled(process)
    time.sleep(1)
    return {"load": load, "after": held(process), "released_seconds": released_after}


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
    """The last round, and below it what was held after each if there were several."""
    last, before = result["rounds"][-1], result["before"]
    load, after = last["load"], last["after"]
    per_stream = (load["peak_rss_mb"] - result["idle"]["rss_mb"]) * 1024 / result["streams"]
    rows = [
        ("streams at once", f"{result['streams']}"),
        ("chunks relayed", f"{load['chunks']:.0f}"),
        ("errors", f"{load['errors']:.0f}"),
        ("time to first chunk, p50", f"{load['ttft_p50_ms']:.0f} ms"),
        ("time to first chunk, p99", f"{load['ttft_p99_ms']:.0f} ms"),
        ("CPU per streamed chunk", f"{load['cpu_seconds'] / load['chunks'] * 1e6:.1f} µs"),
        ("CPU load of the worker", f"{load['cpu_seconds'] / load['seconds'] * 100:.0f} %"),
        ("RSS per stream", f"{per_stream:.0f} KB"),
        ("RSS idle / peak", f"{result['idle']['rss_mb']:.0f} / {load['peak_rss_mb']:.0f} MB"),
        ("RSS before / after", f"{before['rss_mb']:.0f} / {after['rss_mb']:.0f} MB"),
        ("descriptors before / after", f"{before['descriptors']:.0f} / {after['descriptors']:.0f}"),
        ("all released after", f"{last['released_seconds']:.2f} s"),
    ]
    for label, value in rows:
        print(f"  {label:<38}{value:>20}")
    if len(result["rounds"]) > 1:
        show_rounds(result["rounds"])


def show_rounds(rounds: list[dict[str, Any]]) -> None:
    print("\n  round      chunks  errors   RSS after  descriptors")
    for number, each in enumerate(rounds, start=1):
        load, after = each["load"], each["after"]
        print(
            f"  {number:>5}{load['chunks']:>12,.0f}{load['errors']:>8.0f}"
            f"{after['rss_mb']:>9.1f} MB{after['descriptors']:>13}"
        )
    second, last = (each["after"]["rss_mb"] for each in (rounds[1], rounds[-1]))
    print(f"  RSS: {last / second - 1:+.1%} from the second round to the last")

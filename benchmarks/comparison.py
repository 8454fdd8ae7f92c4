"""What a request and a chunk cost: every contender after the other, same load, same upstream."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks import processes
from benchmarks.contenders.contender import Contender, UnavailableError
from benchmarks.measuring import LoadError, measured

CHUNKS_PER_SECOND = 50
SHORTER = 8
# A generator or an upstream as busy as this one is what was measured.
BUSY = 0.9
LOG = "contender.log"
Figures = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is asked of each contender."""

    connections: int = 16
    seconds: float = 8
    streams: int = 100
    chunks: int = 400
    stream_seconds: float = 20  # what is slower than that is left
    warm_up_seconds: float = 2


def run(contenders: Iterable[Contender], effort: Effort) -> dict[str, Any]:
    """Figures by contender's name, ``skipped`` with reasons, and of the upstream by itself."""
    figures: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    mock = processes.mock_upstream(
        MOCK_CHUNKS=str(effort.chunks), MOCK_CHUNKS_PER_SECOND=str(CHUNKS_PER_SECOND)
    )
    url = f"http://127.0.0.1:{mock.port}/v1"
    with (
        tempfile.TemporaryDirectory() as name,
        processes.running(mock, Path(name) / "upstream.log") as upstream,
    ):
        target = [url, "none"]
        alone = chat_load(upstream, None, target, effort)
        alone = with_remarks(alone, stream_loads(upstream, None, target, effort))
        for number, contender in enumerate(contenders):
            print(f"{contender.name} ...", file=sys.stderr, flush=True)
            directory = Path(name) / str(number)
            directory.mkdir()
            try:
                figures[contender.name] = measure(contender, directory, url, upstream, effort)
            except (UnavailableError, processes.StartError, LoadError) as exc:
                skipped[contender.name] = str(exc)
                if isinstance(exc, LoadError):
                    said = processes.last_line(directory / LOG)
                    skipped[contender.name] += f"; the last it said: {said}"
    return {"contenders": figures, "skipped": skipped, "upstream_alone": alone}


def measure(
    contender: Contender, directory: Path, url: str, upstream: psutil.Process, effort: Effort
) -> dict[str, Any]:
    prepared = contender.prepare(directory, url)
    started = time.monotonic()
    with processes.running(prepared.server, directory / LOG) as process:
        start_seconds = time.monotonic() - started
        processes.await_quiet(process)
        idle = processes.rss_mb(process)
        target = prepared.target
        warm_up = str(effort.warm_up_seconds)
        measured(process, ["chat", *target, "--seconds", warm_up])
        result = chat_load(process, upstream, target, effort)
        if prepared.streams:
            measured(process, ["abandon", *target, "--connections", "10", "--seconds", warm_up])
            result = with_remarks(result, stream_loads(process, upstream, target, effort))
        else:
            result["remarks"].append("it was asked for no streams, as it fails them")
        time.sleep(1)  # for what is let go a moment later
        after = processes.rss_mb(process)
    return {"start_seconds": start_seconds, "idle_rss_mb": idle, **result, "after_rss_mb": after}


def chat_load(
    process: psutil.Process, upstream: psutil.Process | None, target: list[str], effort: Effort
) -> Figures:
    connections = str(effort.connections)
    asked = ["chat", *target, "--connections", connections, "--seconds", str(effort.seconds)]
    chat = measured(process, asked, upstream)
    return {
        "chat": chat,
        "cpu_per_request_us": chat["cpu_seconds"] / chat["requests"] * 1e6,
        "requests_per_second": chat["requests"] / chat["seconds"],
        "remarks": limits("requests", chat),
    }


def stream_loads(
    process: psutil.Process, upstream: psutil.Process | None, target: list[str], effort: Effort
) -> Figures:
    before = processes.rss_mb(process)
    streams, at_most = str(effort.streams), str(effort.stream_seconds)
    read = ["streams", *target, "--connections", streams, "--seconds", at_most]
    shorter = [*read, "--max-tokens", str(max(effort.chunks // SHORTER, 1))]
    # A first run that is not counted: so many streams at once open connections to the upstream,
    # which would make the first of the two runs that are compared seem slower.
    measured(process, shorter)
    short = measured(process, shorter, upstream)
    stream = measured(process, read, upstream)
    return {
        "short_stream": short,
        "stream": stream,
        "cpu_per_chunk_us": cpu_per_chunk(short, stream) * 1e6,
        "rss_per_stream_kb": (stream["peak_rss_mb"] - before) * 1024 / effort.streams,
        "remarks": [
            *limits("short streams", short),
            *unfinished(short),
            *limits("streams", stream),
            *unfinished(stream),
        ],
    }


def with_remarks(one: Figures, other: Figures) -> Figures:
    """The figures of both, and the remarks on both."""
    return {**one, **other, "remarks": [*one["remarks"], *other["remarks"]]}


def cpu_per_chunk(short: dict[str, Any], long: dict[str, Any]) -> float:
    """Seconds for each chunk by which as many streams were longer: without what a request costs.

    Raises :class:`LoadError`.
    """
    more = long["chunks"] - short["chunks"]
    if more <= 0:
        raise LoadError("streams that were to be longer were not")
    return float((long["cpu_seconds"] - short["cpu_seconds"]) / more)


def limits(kind: str, load: dict[str, Any]) -> list[str]:
    """What else than the contender had no CPU time left."""
    sides = {"load_cpu_seconds": "the load generator", "upstream_cpu_seconds": "the upstream"}
    return [
        f"{kind} were limited by {side}, which was busy all the time"
        for name, side in sides.items()
        if load.get(name, 0.0) > BUSY * load["seconds"]
    ]


def unfinished(load: dict[str, Any]) -> list[str]:
    if not load["unfinished"]:
        return []
    share = f"{load['unfinished']} of {load['requests']}"
    return [f"{share} streams were not at their end after {load['seconds']:.0f} s"]

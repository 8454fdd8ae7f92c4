"""The first streams of a worker that has just started, and what it holds behind them.

``python -m benchmarks.cold [CHECKOUT ...]`` starts this checkout, and others by turns with it, once
for each round. 100 streams begin 5 ms apart as soon as it is ready, and are held for 2 s. Chats
follow, after which its size is taken.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import processes
from benchmarks.contenders import Gatehouse
from benchmarks.measuring import measured

APART_MS = 5


@dataclass(frozen=True, slots=True)
class Effort:
    rounds: int = 5
    streams: int = 100
    held_seconds: float = 2
    chat_seconds: float = 3


@dataclass(slots=True)
class Starts:
    """What each start of one checkout took, in milliseconds and MB."""

    name: str
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    idle_mb: list[float] = field(default_factory=list)
    loaded_mb: list[float] = field(default_factory=list)


def run(checkouts: list[Path], effort: Effort) -> list[Starts]:
    mock = processes.mock_upstream(MOCK_CHUNKS="1000", MOCK_CHUNKS_PER_SECOND="50")
    found = [Starts(root.name) for root in checkouts]
    with tempfile.TemporaryDirectory() as name, processes.running(mock, Path(name) / "upstream"):
        url = f"http://127.0.0.1:{mock.port}/v1"
        for number in range(effort.rounds):
            for at, (starts, root) in enumerate(zip(found, checkouts, strict=True)):
                print(f"{root.name} ...", file=sys.stderr, flush=True)
                directory = Path(name) / f"{number}-{at}"
                directory.mkdir()
                start(starts, root, directory, url, effort)
    return found


def start(starts: Starts, root: Path, directory: Path, url: str, effort: Effort) -> None:
    prepared = Gatehouse(root=root).prepare(directory, url)
    with processes.running(prepared.server, directory / "log") as process:
        starts.idle_mb.append(processes.rss_mb(process))
        streams = ["--connections", str(effort.streams), "--apart-ms", str(APART_MS)]
        held = ["abandon", *prepared.target, *streams, "--seconds", str(effort.held_seconds)]
        first = measured(process, held)
        starts.p50_ms.append(first["ttft_p50_ms"])
        starts.p99_ms.append(first["ttft_p99_ms"])
        measured(process, ["chat", *prepared.target, "--seconds", str(effort.chat_seconds)])
        starts.loaded_mb.append(processes.rss_mb(process))


def shown(found: list[Starts]) -> str:
    """Medians over the rounds."""
    lines = []
    for each in found:
        p50, p99, idle, loaded = (
            statistics.median(values)
            for values in (each.p50_ms, each.p99_ms, each.idle_mb, each.loaded_mb)
        )
        lines.append(
            f"{each.name}: first chunk {p50:.1f} ms (p50), {p99:.1f} ms (p99); RSS {idle:.1f} MB"
            f" idle, {loaded:.1f} MB after streams and chats"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold", description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, help="of other versions")
    parser.add_argument("--rounds", type=int, default=Effort().rounds)
    arguments = parser.parse_args()
    checkouts = [processes.ROOT, *(it.resolve() for it in arguments.checkouts)]
    print(shown(run(checkouts, Effort(rounds=arguments.rounds))))


if __name__ == "__main__":
    main()

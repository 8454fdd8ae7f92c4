"""Measure the gateway on this machine, beside nginx and, if asked to, other gateways."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import comparison, contenders, endurance, table

RESULTS = Path(__file__).parent / "results"


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    effort = comparison.Effort(seconds=arguments.seconds or 8, streams=arguments.streams or 100)
    chosen = (*contenders.HERE, *(contenders.PEERS if arguments.peers else ()))
    if arguments.only:
        chosen = tuple(it for it in chosen if it.name.startswith(tuple(arguments.only)))
    if arguments.limits:
        chosen = tuple(
            contenders.Gatehouse(arguments.limits) if isinstance(it, contenders.Gatehouse) else it
            for it in chosen
        )
    result = comparison.run(chosen, effort)
    alone = result["upstream_alone"]
    print(
        f"Load: {effort.connections} connections for {effort.seconds:g} s, then {effort.streams}"
        f" streams of {effort.chunks} chunks, {comparison.CHUNKS_PER_SECOND} a second each.\n"
        f"The upstream by itself costs {alone['cpu_per_request_us']:.0f} µs a request and"
        f" {alone['cpu_per_chunk_us']:.1f} µs a chunk.\n"
    )
    print(table.rendered(result["contenders"], reference=contenders.Gatehouse.name), end="\n\n")
    for name, figures in result["contenders"].items():
        for remark in figures["remarks"]:
            print(f"{name}: {remark}")
    for name, reason in result["skipped"].items():
        print(f"{name} was skipped: {reason}")
    return result


def endure(arguments: argparse.Namespace) -> dict[str, Any]:
    result = endurance.run(arguments.seconds or 60, arguments.streams or 300, arguments.rounds)
    endurance.show(result)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scenario", choices=("cost", "streams"), default="cost")
    parser.add_argument("--peers", action="store_true", help="install and measure them too")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="of the contenders, as Gatehouse")
    parser.add_argument("--seconds", type=float, help="of the load (default 8; 60 for streams)")
    parser.add_argument("--streams", type=int, help="at once (default 100; 300 for streams)")
    parser.add_argument("--rounds", type=int, default=1, help="of streams, one after another")
    parser.add_argument(
        "--limits", type=int, default=0, help="of Gatehouse's user, up to 4; three have a budget"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    machine = {"cores": os.cpu_count(), "kernel": f"{platform.system()} {platform.release()}"}
    print(f"{machine['cores']} cores, {machine['kernel']}, one worker each")
    result = {"cost": compare, "streams": endure}[arguments.scenario](arguments)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps({"machine": machine, **result}, indent=2))
    print(f"raw figures: {os.path.relpath(path)}")
    if contenders.Gatehouse.name in result.get("skipped", {}):
        raise SystemExit(1)


if __name__ == "__main__":
    main()

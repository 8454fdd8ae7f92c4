"""Measure the gateway against a static upstream on this machine, and print one table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import endurance, gateway, processes
from benchmarks.measuring import measured

RESULTS = Path(__file__).parent / "results"


def run(seconds: float, streams: int) -> dict[str, Any]:
    mock_port, port = processes.free_port(), processes.free_port()
    url = f"http://127.0.0.1:{port}/v1"
    with tempfile.TemporaryDirectory() as name:
        environment, key = gateway.prepare(Path(name), mock_port)
        mock = ["-m", "benchmarks.mock_upstream", str(mock_port)]
        serve = ["manage.py", "serve", "--port", str(port)]
        with processes.running(mock, mock_port, {}):
            started = time.monotonic()
            with processes.running(serve, port, environment) as process:
                ready_after = time.monotonic() - started
                idle = processes.rss_bytes(process) / 2**20
                measured(process, ["chat", url, key, "--seconds", "1"])  # warm up
                chat = measured(process, ["chat", url, key, "--seconds", str(seconds)])
                stream = measured(process, ["streams", url, key, "--connections", str(streams)])
    return {"ready_seconds": ready_after, "idle_rss_mb": idle, "chat": chat, "stream": stream}


def show(result: dict[str, Any]) -> None:
    chat, stream = result["chat"], result["stream"]
    # A streamed request costs about what a whole one does before its first chunk.
    per_request = chat["cpu_seconds"] / chat["requests"]
    per_chunk = (stream["cpu_seconds"] - stream["requests"] * per_request) / stream["chunks"]
    rows = [
        ("CPU per chat request", f"{per_request * 1e6:.0f} µs"),
        ("requests per second, 16 connections", f"{chat['requests'] / chat['seconds']:.0f}"),
        ("CPU per streamed chunk", f"{per_chunk * 1e6:.1f} µs"),
        ("time to first chunk, p50", f"{stream['ttft_p50_ms']:.0f} ms"),
        ("time to first chunk, p99", f"{stream['ttft_p99_ms']:.0f} ms"),
        ("start to ready", f"{result['ready_seconds']:.1f} s"),
        ("RSS idle / after", f"{result['idle_rss_mb']:.0f} / {stream['rss_mb']:.0f} MB"),
    ]
    for label, value in rows:
        print(f"  {label:<38}{value:>14}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scenario", choices=("cost", "streams"), default="cost")
    parser.add_argument("--seconds", type=float, help="of the load (default 8; 60 for streams)")
    parser.add_argument("--streams", type=int, help="at once (default 100; 300 for streams)")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, one worker")
    if arguments.scenario == "streams":
        result = endurance.run(arguments.seconds or 60, arguments.streams or 300)
        endurance.show(result)
    else:
        result = run(arguments.seconds or 8, arguments.streams or 100)
        show(result)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(result, indent=2))
    print(f"raw figures: {path.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()

"""A run of the load generator, and what it cost."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from benchmarks import processes


def measured(process: Any, arguments: list[str]) -> dict[str, float]:
    """One run of the load generator, with the CPU time it cost ``process``."""
    before = processes.cpu_seconds(process)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stdout)
    if result["errors"]:
        raise SystemExit(f"{result['errors']:.0f} of {result['requests']:.0f} requests failed")
    result["cpu_seconds"] = processes.cpu_seconds(process) - before
    result["rss_mb"] = processes.rss_bytes(process) / 2**20
    return result

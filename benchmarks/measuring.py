"""A run of the load generator, and what it cost."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import psutil

from benchmarks import processes


class LoadError(Exception):
    """Requests failed, so that figures would mean nothing."""


def measured(
    server: psutil.Process, arguments: list[str], upstream: psutil.Process | None = None
) -> dict[str, Any]:
    """One run of the load generator, with the CPU time that it cost each side.

    ``cpu_seconds`` is that of ``server`` and its children, ``load_cpu_seconds`` the generator's,
    ``upstream_cpu_seconds`` the upstream's. Raises :class:`LoadError`.
    """
    watched = {"cpu_seconds": server}
    if upstream is not None:
        watched["upstream_cpu_seconds"] = upstream
    before = {name: processes.cpu_seconds(process) for name, process in watched.items()}
    with processes.watched(server) as peak:
        result = run_load(arguments)
    if result["errors"]:
        failed = f"{result['errors']} of {result['requests']} requests failed"
        raise LoadError(f"{failed}, the first: {result['first_error']}")
    result["load_cpu_seconds"] = result["cpu_seconds"]
    for name, process in watched.items():
        result[name] = processes.cpu_seconds(process) - before[name]
    result["peak_rss_mb"] = peak.rss_mb
    return result


def run_load(arguments: list[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", *arguments],
        cwd=processes.ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise LoadError(f"the load generator failed: {done.stderr.strip().splitlines()[-1]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result

"""uvicorn and aiohttp without logic: see :mod:`benchmarks.floor`."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.contenders.contender import Prepared
from benchmarks.processes import Server, free_port


class Floor:
    name = "floor"

    def prepare(self, directory: Path, upstream: str) -> Prepared:
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.floor", str(port), upstream]
        # Every path asks the upstream for a chat.
        server = Server(command=command, port=port, ready_path="/v1/models")
        return Prepared(server=server, url=f"http://127.0.0.1:{port}/v1", key="none")

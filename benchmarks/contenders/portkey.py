"""Portkey's open-source gateway, which is told its upstream by the headers of each request."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.contenders.contender import Prepared, UnavailableError
from benchmarks.contenders.packages import installed_from_npm
from benchmarks.processes import Server, free_port

VERSION = "1.15.2"


class Portkey:
    name = f"Portkey {VERSION}"

    def prepare(self, directory: Path, upstream: str) -> Prepared:
        node = shutil.which("node")
        if node is None:
            raise UnavailableError("node is not on the PATH")
        package, port = installed_from_npm("@portkey-ai/gateway", VERSION), free_port()
        program = str(package / "build" / "start-server.js")
        server = Server(
            command=[node, program, f"--port={port}", "--headless"],
            environment={"NODE_ENV": "production"},
            port=port,
            ready_path="/",
        )
        headers = ("x-portkey-provider: openai", f"x-portkey-custom-host: {upstream}")
        url = f"http://127.0.0.1:{port}/v1"
        return Prepared(
            server=server,
            url=url,
            key="sk-mock-upstream-key",
            headers=headers,
            # This version answers each stream with 500 on Node 20 ("TypeError: immutable").
            streams=False,
        )

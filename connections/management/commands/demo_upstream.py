from __future__ import annotations

import os
import socket
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

import uvicorn
from django.core.management.base import CommandError

from accounts.management.command import GatehouseCommand
from demo_upstream.app import DemoUpstream


class Command(GatehouseCommand):
    help = "Serve a small OpenAI-compatible upstream of our own, to try Gatehouse with."
    is_server = True
    examples = (
        "",
        "--port 9100 --delay-ms 50",
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=9000, help="0 takes a free one.")
        parser.add_argument(
            "--delay-ms", type=float, default=0, help="Wait this long before each streamed word."
        )
        parser.add_argument(
            "--require-key", metavar="VARIABLE", help="Ask for the key this variable holds."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["delay_ms"] < 0:
            raise CommandError("--delay-ms cannot be negative.")
        app = DemoUpstream(
            delay_seconds=options["delay_ms"] / 1000, key=required_key(options["require_key"])
        )
        with listen(options["host"], options["port"]) as listener:
            host, port = listener.getsockname()[:2]
            self.stdout.write(f"Demo upstream: http://{in_url(host)}:{port}/v1 (Ctrl-C ends it)")
            self.stdout.flush()
            config = uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                access_log=False,
                log_config=None,
                log_level="warning",
            )
            with suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listener])


def required_key(variable: str | None) -> str:
    """The key that clients must present, or nothing. Raises ``CommandError``."""
    if variable is None:
        return ""
    key = os.environ.get(variable, "")
    if not key:
        raise CommandError(f"The environment variable {variable} is not set.")
    return key


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as exc:
        raise CommandError(f"Cannot listen on {host}:{port}: {exc}.") from exc


def in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host

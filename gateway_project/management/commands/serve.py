from __future__ import annotations

import os
import signal
from typing import Any, cast

import uvicorn
from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import CommandError, CommandParser
from django.db import connections

from accounts.management.command import GatehouseCommand
from gateway_project.left_out import leave_out_unused
from gateway_project.settings.loopback import is_loopback
from limits.checks import WORKERS_VARIABLE

# The API is drained before the server hears of a signal; this is for pages of the admin.
LEFTOVER_SECONDS = 3


class Command(GatehouseCommand):
    help = "Serve the gateway: API, admin and health endpoints."
    is_server = True
    examples = (
        "",
        "--host 0.0.0.0 --port 8000 --workers 4",
    )
    exits = {0: "ended as asked", 1: "it could not start", 2: "wrong arguments or settings"}

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
        parser.add_argument("--port", type=int, default=8000, help="default: 8000")
        parser.add_argument("--workers", type=int, default=1, help="processes; default: 1")

    def run_from_argv(self, argv: list[str]) -> None:
        leave_out_unused()  # here, where the process is the server's own
        super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        self.check()
        if settings.DEBUG and not is_loopback(options["host"]):
            raise CommandError(
                f"DEBUG is on, so the gateway does not listen on {options['host']}. Unset DEBUG, "
                "or serve on 127.0.0.1."
            )
        os.environ[WORKERS_VARIABLE] = str(options["workers"])  # its processes know it, too
        self.check(tags=[Tags.database], databases=["default"])
        close_connections()
        # uvicorn drains on SIGTERM and then raises it again; having drained is a success.
        signal.signal(signal.SIGTERM, lambda *_: None)
        uvicorn.run(
            "gateway_project.asgi:application",
            host=options["host"],
            port=options["port"],
            workers=options["workers"],
            loop="uvloop",
            http="gateway_project.protocol:GatewayProtocol",
            ws="gateway_project.protocol:GatewaySocketProtocol",
            # 16 KB of a compressed frame can unfold to 16 MB, which would block the event loop.
            ws_per_message_deflate=False,
            ws_max_size=settings.GATEWAY_WS_MAX_MESSAGE_BYTES,
            ws_ping_interval=settings.GATEWAY_WS_PING_SECONDS,
            ws_ping_timeout=settings.GATEWAY_WS_PING_SECONDS,
            # A request must not meet the end of the idle connection that it is sent on.
            timeout_keep_alive=settings.GATEWAY_KEEP_ALIVE_TIMEOUT,
            lifespan="on",
            access_log=False,
            log_config=None,  # Django's LOGGING is in force
            proxy_headers=False,  # no client decides what its address is
            server_header=False,
            timeout_graceful_shutdown=LEFTOVER_SECONDS,
        )


def close_connections() -> None:
    """Close what the checks have opened; workers are other processes and open their own."""
    for connection in connections.all():
        connection.close()
        if connection.vendor == "postgresql":
            cast("Any", connection).close_pool()

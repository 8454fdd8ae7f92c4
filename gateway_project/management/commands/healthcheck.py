from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from accounts.management.command import GatehouseCommand
from gateway_project.healthcheck import add_arguments, health_of


class Command(GatehouseCommand):
    help = "Ask the gateway on this machine whether it is ready, as container engines do."
    examples = ("", "--port 8001 --timeout 2", "--live")
    exits = {0: "ready", 1: "not ready, or no answer", 2: "wrong arguments"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *, host: str, port: int, live: bool, timeout: float, **options: Any) -> None:
        health = health_of(host, port, is_live=live, timeout_seconds=timeout)
        self.stdout.write(health.said)
        if not health.is_healthy:
            sys.exit(1)

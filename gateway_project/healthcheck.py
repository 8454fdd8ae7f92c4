"""Ask a gateway on this machine whether it is ready. Container engines do so every few seconds.

So ``manage.py healthcheck`` comes here without loading Django, which takes more CPU than an idle
gateway.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

READY_PATH, LIVE_PATH = "/readyz", "/livez"
HEALTHY, UNHEALTHY = 0, 1
MOST_BYTES = 64 * 1024  # of a response, which has a few hundred


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the gateway says of itself, in a sentence."""

    is_healthy: bool
    said: str


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    parser.add_argument("--live", action="store_true", help="ask /livez instead of /readyz")
    parser.add_argument("--timeout", type=float, default=5, help="in seconds; default: 5")


def main(arguments: list[str]) -> int:
    """Print what the gateway says. Returns the exit code; ends the process on wrong arguments."""
    parser = ArgumentParser(prog="healthcheck")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    health = health_of(
        options.host, options.port, is_live=options.live, timeout_seconds=options.timeout
    )
    print(health.said)  # noqa: T201 - the result of a command
    return HEALTHY if health.is_healthy else UNHEALTHY


def health_of(host: str, port: int, *, is_live: bool, timeout_seconds: float) -> Health:
    path = LIVE_PATH if is_live else READY_PATH
    connection = HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        told = _told(response.read(MOST_BYTES))
    except (OSError, HTTPException) as exc:
        cause = str(exc) or type(exc).__name__
        return Health(is_healthy=False, said=f"{host}:{port}{path} does not answer: {cause}.")
    finally:
        connection.close()
    return Health(is_healthy=response.status == 200, said=f"{response.status} {told}")


def _told(body: bytes) -> str:
    """``ok (database: ok, redis: down)``, or what takes its place in another server's response."""
    try:
        content: Any = json.loads(body)
    except ValueError:
        content = None
    if not isinstance(content, dict) or "status" not in content:
        return "is no response of a gateway"
    rest = ", ".join(f"{name}: {value}" for name, value in content.items() if name != "status")
    return f"{content['status']} ({rest})" if rest else str(content["status"])

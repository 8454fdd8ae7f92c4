"""Clients of a live gateway's WebSockets."""

from __future__ import annotations

import json
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.live import LiveGateway
from tests.support.processes import PATIENCE_SECONDS

SOCKET = "/v1/chat/completions"


def open_socket(
    gateway: LiveGateway, key: str = "", path: str = SOCKET, **options: Any
) -> ClientConnection:
    """A connection that presents ``key`` in a header; leave its block to close it."""
    headers = options.pop("additional_headers", {})
    if key:
        headers["Authorization"] = f"Bearer {key}"
    options.setdefault("close_timeout", 1)
    options.setdefault("open_timeout", PATIENCE_SECONDS)
    url = f"ws://{gateway.address}:{gateway.port}{path}"
    return connect(url, additional_headers=headers, proxy=None, compression=None, **options)


def say(socket: ClientConnection, message: Any) -> None:
    """Send ``message`` as JSON."""
    socket.send(json.dumps(message))


def heard(socket: ClientConnection, *, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
    """The next message. Raises ``TimeoutError``."""
    message: dict[str, Any] = json.loads(socket.recv(timeout=seconds))
    return message


def heard_to_the_end(socket: ClientConnection, *request_ids: str) -> dict[str, list[dict]]:
    """The messages to each of ``request_ids``, until all have come to their end."""
    answers: dict[str, list[dict]] = {request_id: [] for request_id in request_ids}
    while not all(got and got[-1]["type"] != "chunk" for got in answers.values()):
        message = heard(socket)
        answers[message["request_id"]].append(message)
    return answers

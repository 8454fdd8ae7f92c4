"""Calling a live gateway: as a client that plays by the rules, and byte by byte."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

import httpx

from tests.support.live import LiveGateway
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import PATIENCE_SECONDS, wait_until

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """An answer as it came over the wire; ``status`` is 0 when the server hung up without one."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header called ``name``, in any case."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


def client_of(gateway: LiveGateway, key: str = "", **options: Any) -> httpx.Client:
    """A client whose paths begin at the gateway's root; close it."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    options.setdefault("timeout", PATIENCE_SECONDS)
    return httpx.Client(base_url=gateway.url, headers=headers, **(PLAIN_HTTP | options))


def chat_body(model: str, **fields: Any) -> dict[str, Any]:
    """The smallest chat request, and ``fields``."""
    return {"model": model, "messages": HELLO, **fields}


def listed(client: httpx.Client) -> set[str]:
    """The ids of the models that the client may use."""
    return {model["id"] for model in client.get("/v1/models").raise_for_status().json()["data"]}


def wait_for_models(client: httpx.Client, *models: str) -> None:
    """Until the client is shown exactly ``models``. Raises ``TimeoutError``."""
    wait_until(lambda: listed(client) == set(models), what=f"models {models}")


@contextmanager
def connected(port: int, *, seconds: float = PATIENCE_SECONDS) -> Iterator[socket.socket]:
    """A plain TCP connection to the gateway."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        yield connection


@contextmanager
def asked(gateway: LiveGateway, key: str, *headers: str, **fields: Any) -> Iterator[None]:
    """A chat is asked for, and nobody reads the answer: the client leaves with the block."""
    body = json.dumps(chat_body(**fields)).encode()
    own = ("Host: localhost", f"Authorization: Bearer {key}", "Content-Type: application/json")
    lines = (*own, f"Content-Length: {len(body)}", *headers)
    with connected(gateway.port) as connection:
        connection.sendall(request_bytes(CHAT, *lines, method="POST", body=body))
        yield


def exchange(port: int, request: bytes, *, seconds: float = PATIENCE_SECONDS) -> RawAnswer:
    """Send these very bytes and read one answer."""
    with connected(port, seconds=seconds) as connection:
        connection.sendall(request)
        return read_answer(connection)


def read_answer(connection: socket.socket) -> RawAnswer:
    """One whole answer from ``connection``."""
    with HTTPResponse(connection) as response:
        try:
            response.begin()
            body = response.read()
        except ConnectionError:
            return RawAnswer(status=0, headers=[], body=b"")
        return RawAnswer(status=response.status, headers=response.getheaders(), body=body)


def request_bytes(
    target: str | bytes, *headers: str | bytes, method: str = "GET", body: bytes = b""
) -> bytes:
    """A request with exactly ``headers``, which hold whole lines; nothing is added but the end."""
    target, *lines = (_latin(part) for part in (target, *headers))
    return b"\r\n".join([method.encode() + b" " + target + b" HTTP/1.1", *lines, b"", body])


def _latin(part: str | bytes) -> bytes:
    return part.encode("latin-1") if isinstance(part, str) else part

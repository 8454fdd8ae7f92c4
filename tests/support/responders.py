"""What a :class:`tests.support.upstream.ScriptedUpstream` can answer, well or badly.

A responder is a coroutine function over an :class:`Exchange`. It writes bytes; closing and keeping
alive are the server's business unless the responder closes by itself.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """A request as it came over the wire: nothing decoded, reordered or re-cased."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header called ``name``, in any case."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    request: RecordedRequest
    writer: asyncio.StreamWriter
    models: list[dict[str, Any]]

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Responder = Callable[[Exchange], Awaitable[None]]
POLL_SECONDS = 0.02


def head(status: int = 200, **headers: str | int) -> bytes:
    """The bytes of a response's head: ``head(200, content_length=5)``."""
    lines = [f"HTTP/1.1 {status} Scripted"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """``data`` as one chunk of a chunked body; ``chunk(b"")`` ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(data: Any) -> bytes:
    """``data`` as one chunk with one event of an event stream."""
    return chunk(b"data: %b\n\n" % _text(data))


def json_response(obj: Any, status: int = 200, headers: dict[str, str] | None = None) -> Responder:
    body = json.dumps(obj).encode()
    fields = {"content_type": "application/json", "content_length": len(body), **(headers or {})}
    return raw(head(status, **fields) + body)


def sse(*events: Any, done: bool = True, delay: float = 0.0) -> Responder:
    """One ``data:`` event each; bytes are sent as they are. ``delay`` seconds before each."""
    blocks = [e if isinstance(e, bytes) else b"data: %b\n\n" % _text(e) for e in events]
    if done:
        blocks.append(b"data: [DONE]\n\n")

    async def respond(exchange: Exchange) -> None:
        await exchange.send(head(content_type="text/event-stream", transfer_encoding="chunked"))
        for block in blocks:
            if delay:
                await asyncio.sleep(delay)
            await exchange.send(chunk(block))
        await exchange.send(chunk(b""))

    return respond


def raw(data: bytes) -> Responder:
    """These very bytes, and the connection stays open."""

    async def respond(exchange: Exchange) -> None:
        await exchange.send(data)

    return respond


def hang(before: bytes = b"") -> Responder:
    """Silence, after ``before``, until the client gives up."""

    async def respond(exchange: Exchange) -> None:
        await exchange.send(before)
        await asyncio.Event().wait()

    return respond


def when_told(signal: threading.Event, before: bytes, after: bytes) -> Responder:
    """``before`` at once, and ``after`` once the test has set ``signal``."""

    async def respond(exchange: Exchange) -> None:
        await exchange.send(before)
        while not signal.is_set():  # noqa: ASYNC110 - set by another thread, or never
            await asyncio.sleep(POLL_SECONDS)
        await exchange.send(after)

    return respond


def close_after(data: bytes) -> Responder:
    """A clean end of the connection after ``data``."""

    async def respond(exchange: Exchange) -> None:
        await exchange.send(data)
        exchange.writer.close()

    return respond


def reset_after(data: bytes) -> Responder:
    """A TCP reset after ``data``."""

    async def respond(exchange: Exchange) -> None:
        await exchange.send(data)
        reset(exchange.writer)

    return respond


def drip(data: bytes | Sequence[bytes], every: float, before: bytes = b"") -> Responder:
    """``before`` at once, then ``data`` byte by byte or part by part, one in ``every`` seconds."""
    parts = [bytes([byte]) for byte in data] if isinstance(data, bytes) else data

    async def respond(exchange: Exchange) -> None:
        await exchange.send(before)
        for part in parts:
            await asyncio.sleep(every)
            await exchange.send(part)

    return respond


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def reset_before_response(exchange: Exchange) -> None:
    """A TCP reset once the whole request has come."""
    reset(exchange.writer)


async def stall_reading(exchange: Exchange) -> None:
    """Never reads the body of the request. The server knows this responder by its identity."""
    await asyncio.Event().wait()


async def list_models(exchange: Exchange) -> None:
    """The default of ``GET /v1/models``."""
    await json_response({"object": "list", "data": exchange.models})(exchange)


async def complete_chat(exchange: Exchange) -> None:
    """The default of ``POST /v1/chat/completions``: "Hello world", streamed if asked."""
    body = exchange.request.json
    shared = {"id": "chatcmpl-scripted", "created": 1_700_000_000, "model": body.get("model", "")}
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    if body.get("stream") is not True:
        message = {"role": "assistant", "content": "Hello world", "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        answer = {**shared, "object": "chat.completion", "choices": [choice], "usage": usage}
        await json_response(answer)(exchange)
        return
    shared["object"] = "chat.completion.chunk"
    deltas = [{"role": "assistant", "content": ""}, {"content": "Hello"}, {"content": " world"}]
    events = [{**shared, "choices": [_choice(delta)]} for delta in deltas]
    events.append({**shared, "choices": [_choice({}, "stop")]})
    if (body.get("stream_options") or {}).get("include_usage"):
        events.append({**shared, "choices": [], "usage": usage})
    await sse(*events)(exchange)


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _text(event: Any) -> bytes:
    return event.encode() if isinstance(event, str) else json.dumps(event).encode()

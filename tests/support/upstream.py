"""A scriptable upstream on loopback, in a thread of its own.

    with ScriptedUpstream() as upstream:
        upstream.on("POST", "/v1/chat/completions", reset_after(head() + b"{"))
        ...
        assert upstream.requests[0].header("Authorization") == "Bearer k"

It works the same for sync tests, async tests and tests that start a gateway as a process. From
async tests, call the ``wait_for_…`` methods through ``asyncio.to_thread``: they block.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Any, Self

from tests.support.processes import PATIENCE_SECONDS
from tests.support.responders import (
    Exchange,
    RecordedRequest,
    Responder,
    chunk,
    close_after,
    complete_chat,
    drip,
    hang,
    head,
    json_response,
    list_models,
    raw,
    reset_after,
    reset_before_response,
    sse,
    stall_reading,
)

__all__ = [
    "Exchange",
    "RecordedRequest",
    "Responder",
    "ScriptedUpstream",
    "chunk",
    "close_after",
    "drip",
    "hang",
    "head",
    "json_response",
    "raw",
    "reset_after",
    "reset_before_response",
    "sse",
    "stall_reading",
]

LARGEST_HEAD_BYTES = 2**20


class ScriptedUpstream:
    """An HTTP/1.1 server that answers what it was told to and records what it was sent.

    ``models`` are the entries of ``GET /v1/models``, replaceable at any time. ``disconnects``
    counts the clients that hung up in mid-request or while they were being answered;
    ``connections`` all that came.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, models: tuple[str, ...] = ()) -> None:
        self.requests: list[RecordedRequest] = []
        self.connections = 0
        self.disconnects = 0
        self.models = [model_entry(name) for name in models or ("gpt-4o", "gpt-4o-mini")]
        self._tls = tls
        self._rules: list[tuple[str, str, list[Responder]]] = []
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._exchanges: set[asyncio.Task[None]] = set()
        self.on("GET", "/v1/models", list_models)
        self.on("POST", "/v1/chat/completions", complete_chat)

    def on(self, method: str, path: str, *responders: Responder) -> None:
        """Answer ``path`` (raw, without query; ``*`` is a wildcard) with these, one after another.

        The last one stays. The newest matching rule wins.
        """
        self._rules.insert(0, (method, path, list(responders)))

    @contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Forget in the end what it was told within."""
        before = [*self._rules]
        try:
            yield
        finally:
            self._rules[:] = before

    @property
    def url(self) -> str:
        """The base URL, such as a connection has it."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    @property
    def calls(self) -> list[RecordedRequest]:
        """The requests that make the upstream work; models are listed whenever it pleases."""
        return [request for request in self.requests if request.method != "GET"]

    def wait_for_request(self, count: int = 1, timeout: float = PATIENCE_SECONDS) -> bool:
        """Block until ``count`` requests have come. False when they have not in time."""
        return self._wait_for(lambda: len(self.requests) >= count, timeout)

    def wait_for_disconnect(self, timeout: float = PATIENCE_SECONDS, count: int = 1) -> bool:
        """Block until ``count`` clients have hung up. False when they have not in time."""
        return self._wait_for(lambda: self.disconnects >= count, timeout)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._start())
        return self

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be down within: open connections break, and new ones are refused."""
        self._run(self._stop())
        try:
            yield
        finally:
            self._run(self._start(self.port))

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    async def _start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", port, ssl=self._tls, limit=LARGEST_HEAD_BYTES
        )
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        # Asked before the close, this waits for every connection, also those in a TLS handshake.
        closed = asyncio.ensure_future(self._server.wait_closed())
        await asyncio.sleep(0)
        self._server.close()
        for task in list(self._exchanges):
            task.cancel()
        await asyncio.gather(*self._exchanges, return_exceptions=True)
        await asyncio.wait_for(closed, PATIENCE_SECONDS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._exchanges.add(task)
        self.connections += 1
        try:
            with suppress(OSError, EOFError, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            self._exchanges.discard(task)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        already_read = b""
        while not writer.is_closing():
            method, target, headers = await _read_head(reader, already_read)
            responder = self._responder(method, target.partition("?")[0])
            is_stalling = responder is stall_reading
            body = b"" if is_stalling else await self._whole_body(reader, headers)
            request = RecordedRequest(method=method, target=target, headers=headers, body=body)
            with self._changed:
                self.requests.append(request)
                self._changed.notify_all()
            exchange = Exchange(request=request, writer=writer, models=self.models)
            if is_stalling:
                await responder(exchange)
            already_read = await self._answer(responder, exchange, reader)

    async def _whole_body(
        self, reader: asyncio.StreamReader, headers: list[tuple[str, str]]
    ) -> bytes:
        try:
            return await _read_body(reader, headers)
        except (EOFError, OSError):
            self._note_disconnect()
            raise

    def _note_disconnect(self) -> None:
        with self._changed:
            self.disconnects += 1
            self._changed.notify_all()

    async def _answer(
        self, responder: Responder, exchange: Exchange, reader: asyncio.StreamReader
    ) -> bytes:
        """Answer, but no longer than the client listens. Returns what was read ahead."""
        answering = asyncio.ensure_future(responder(exchange))
        listening = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answering, listening}, return_when=asyncio.FIRST_COMPLETED)
            if _has_broken(answering) if answering.done() else _is_over(listening):
                self._note_disconnect()
                raise ConnectionResetError
            await answering
            return listening.result() if listening.done() else b""
        finally:
            for task in (answering, listening):
                task.cancel()
            await asyncio.gather(answering, listening, return_exceptions=True)

    def _responder(self, method: str, path: str) -> Responder:
        for rule_method, pattern, responders in self._rules:
            if rule_method == method and fnmatchcase(path, pattern):
                return responders.pop(0) if len(responders) > 1 else responders[0]
        return json_response({"error": {"message": f"no rule for {method} {path}"}}, status=404)

    def _wait_for(self, predicate: Callable[[], bool], timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(predicate, timeout)


def model_entry(name: str) -> dict[str, Any]:
    """An entry of a model list as OpenAI writes it."""
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "scripted"}


def _has_broken(answering: asyncio.Future[None]) -> bool:
    return isinstance(answering.exception(), ConnectionError)


def _is_over(listening: asyncio.Future[bytes]) -> bool:
    return listening.exception() is not None or listening.result() == b""


async def _read_head(
    reader: asyncio.StreamReader, already_read: bytes
) -> tuple[str, str, list[tuple[str, str]]]:
    head_bytes = already_read + await reader.readuntil(b"\r\n\r\n")
    first, *lines = head_bytes.decode("latin-1").split("\r\n")[:-2]
    method, target, _version = first.split(" ")
    pairs = [line.partition(":") for line in lines]
    return method, target, [(name, value.strip()) for name, _colon, value in pairs]


async def _read_body(reader: asyncio.StreamReader, headers: list[tuple[str, str]]) -> bytes:
    fields = {name.lower(): value for name, value in headers}
    if fields.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(fields.get("content-length", 0)))
    body = bytearray()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return bytes(body)

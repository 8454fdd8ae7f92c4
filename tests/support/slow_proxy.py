"""A TCP proxy that passes on what a server on loopback says, at once or only after a while."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

PIECE_BYTES = 64 * 1024


class SlowProxy:
    """Before the server at ``port``. Each piece that the server sends waits for ``seconds``.

    It listens on a free port of loopback, or on ``listening``, which may be of another network.
    """

    def __init__(self, port: int, listening: socket.socket | None = None) -> None:
        self.seconds = 0.0
        self._listening = listening
        self.port = 0
        self._server_port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        place = {"sock": self._listening} if self._listening else {"host": "127.0.0.1", "port": 0}
        self._server = await asyncio.start_server(self._serve, **place)  # type: ignore[arg-type]
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            out.close()
            return
        finally:
            self._connections.discard(task)
        self._connections.add(task)
        try:
            # A stream's server reports a handler that was cancelled as a fault.
            with suppress(asyncio.CancelledError):
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(client, to_server, is_slow=False))
                    both.create_task(self._pump(server, out, is_slow=True))
        finally:
            self._connections.discard(task)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_slow: bool
    ) -> None:
        with suppress(OSError):
            try:
                while data := await source.read(PIECE_BYTES):
                    if is_slow and self.seconds:
                        await asyncio.sleep(self.seconds)
                    sink.write(data)
                    await sink.drain()
            finally:
                sink.close()

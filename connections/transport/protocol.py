"""A connection to an upstream, with a word to whoever waits for what it brings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp.client_proto import ResponseHandler

from connections.transport.chunk_borders import ChunkBorders


class UpstreamProtocol(ResponseHandler):
    """aiohttp's protocol, with a short cut for chunks that arrive one by one.

    ``on_chunk`` is offered the content of such a chunk of a chunked body. What it takes is not
    parsed, which is half of what a chunk costs otherwise. ``on_news`` is called once anything else
    has been digested, or the connection's end.
    """

    on_chunk: Callable[[bytes], bool] | None = None
    on_news: Callable[[], None] | None = None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._borders = ChunkBorders()

    def set_response_params(self, **params: Any) -> None:
        """Called before each request on this connection."""
        self._borders = ChunkBorders()
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        if (
            self.on_chunk is not None
            and (chunk := self._borders.only_chunk(data))
            and self.on_chunk(chunk)
        ):
            return
        self._borders.follow(data)
        super().data_received(data)
        if self.on_news is not None:
            self.on_news()

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        if self.on_news is not None:
            self.on_news()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Asked for with every read, and worth a second parse each time; needed after a pause."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

"""A connection to an upstream, with a word to whoever waits for what it brings."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp.client_proto import ResponseHandler


class UpstreamProtocol(ResponseHandler):
    """aiohttp's protocol. ``on_news`` is called once it has digested data, or its own end."""

    on_news: Callable[[], None] | None = None

    def data_received(self, data: bytes) -> None:
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

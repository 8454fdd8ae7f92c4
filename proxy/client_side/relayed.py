"""A response whose body comes from an upstream, or from the gateway, bit by bit."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Protocol, runtime_checkable

from django.http import StreamingHttpResponse

Write = Callable[[bytes], bool]


@runtime_checkable
class PassedOn(Protocol):
    """A stream that can be written without waking a task for each chunk."""

    def pass_on_by(self, write: Write) -> None:
        """Have ``write`` send chunks at once; it says whether it could."""


class RelayResponse(StreamingHttpResponse):
    """Hands out the bytes of ``relay`` without Django's wrapping of every part."""

    def __init__(self, relay: AsyncIterable[bytes], headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        self.relay = relay

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.relay.__aiter__()

    def pass_on_by(self, write: Write) -> None:
        """Have ``write`` send what needs no look; streams that are changed have no such way."""
        if isinstance(self.relay, PassedOn):
            self.relay.pass_on_by(write)

"""A response whose body comes from an upstream, or from the gateway, bit by bit.

Most chunks of most streams take a short road, on which no task wakes::

    upstream's socket
      | UpstreamProtocol.data_received    not one whole HTTP chunk: through aiohttp's parser
      v ResponseBody._offered, _take      the reader is not waiting: to the task
      | Relay._passed_on                  half an event, noteworthy, past a cap: to the task
      | Outgoing.write_at_once            counted; the keep-alive timer starts again
      v GatewayProtocol.write_part        the client reads slowly, or is gone: to the task
    client's socket

"To the task" means that the task of the request reads the chunk, iterates :class:`Relay`, and sends
it as ASGI messages. docs/architecture.md says which streams have no short road.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable

from django.http import StreamingHttpResponse

Write = Callable[[bytes], bool]  # sends a chunk at once, and says whether it could


class RelayResponse(StreamingHttpResponse):
    """Hands out the bytes of ``relay`` without Django's wrapping of every part."""

    def __init__(self, relay: AsyncIterable[bytes], headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        self.relay = relay

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.relay.__aiter__()

    def pass_on_by(self, write: Write) -> None:
        """Have ``write`` send what needs no look; streams that are changed have no such way."""
        pass_on_by: Callable[[Write], None] | None = getattr(self.relay, "pass_on_by", None)
        if pass_on_by is not None:
            pass_on_by(write)

"""An upstream's answer as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

from proxy.dialects import CHAT, Dialect
from proxy.dispatch import Dispatched
from proxy.limits import limits
from proxy.relay import Relay, RelayResponse
from proxy.response_headers import STREAMING, passed_on
from proxy.sse import split_events
from usage.exchange import Exchange


async def relay_answer(
    dispatched: Dispatched,
    exchange: Exchange,
    *,
    dialect: Dialect = CHAT,
    keeps_usage: bool = True,
) -> RelayResponse:
    """The stream, once its first event shows that it is one.

    ``keeps_usage`` says whether the client gets a chunk that holds token counts alone. Raises
    :class:`proxy.errors.ApiError`.
    """
    relay = Relay(
        dispatched.response,
        dialect=dialect,
        keeps_usage=keeps_usage,
        limits=limits(),
        secrets=dispatched.secrets,
        exchange=exchange,
    )
    await relay.open()
    return RelayResponse(relay, headers=STREAMING | passed_on(dispatched.response.headers))


class ChangedEvents:
    """A stream of whole events, each replaced by what ``change`` makes of it: one, several, none.

    What ``change`` raises ends the stream.
    """

    def __init__(
        self, blocks: AsyncIterable[bytes], change: Callable[[bytes], Awaitable[bytes]]
    ) -> None:
        self._blocks = blocks
        self._change = change

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        async with aclosing(cast("Any", aiter(self._blocks))) as blocks:
            async for block in blocks:
                changed = b"".join([await self._change(event) for event in split_events(block)])
                if changed:
                    yield changed

"""An upstream's answer as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

from proxy.answering.dispatched import Dispatched
from proxy.answering.limits import limits
from proxy.answering.pipelines_server import CallFilters
from proxy.answering.relay import Relay
from proxy.answering.whole import read_answer
from proxy.client_side.errors import ApiError, UpstreamAnswerError
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.response_headers import STREAMING, passed_on
from usage.exchange import Exchange
from wire_formats.chat.dialect import CHAT, ChatDialect
from wire_formats.chat.think_tags import StreamWithoutTags
from wire_formats.dialect import Dialect
from wire_formats.errors import WireFormatError
from wire_formats.json_cost import read_aside
from wire_formats.json_objects import json_object
from wire_formats.sse import DONE_MARK, data_of, split_events
from wire_formats.token_counts import Tokens, chat_usage


async def relay_answer(
    dispatched: Dispatched,
    exchange: Exchange,
    *,
    dialect: Dialect = CHAT,
    keeps_usage: bool = True,
) -> RelayResponse:
    """The stream, once its first event shows that it is one.

    ``keeps_usage`` says whether the client gets a chunk that holds token counts alone. Raises
    :class:`proxy.client_side.errors.ApiError`.
    """
    filters = dispatched.filters
    headers = STREAMING | passed_on(dispatched.response.headers.raw)
    if filters is not None and filters.holds_answer:
        answer = await read_aside(json_object, await read_answer(dispatched, exchange))
        events = dialect.stream_of(answer if keeps_usage else answer | {"usage": None})
        if not events:
            raise UpstreamAnswerError("The upstream's answer is not one to be streamed.")
        return RelayResponse(_told(events), headers=headers)
    relay = Relay(
        dispatched.response,
        dialect=dialect,
        keeps_usage=keeps_usage,
        limits=limits(),
        secrets=dispatched.kept_from_errors,
        exchange=exchange,
    )
    await relay.open()
    blocks: AsyncIterable[bytes] = relay
    if isinstance(dialect, ChatDialect) and dispatched.target.family.thinks_in_tags:
        blocks = ChangedEvents(blocks, StreamWithoutTags())
    if filters is not None:
        blocks = ChangedEvents(blocks, SeenByFilters(filters, exchange.tokens))
    return RelayResponse(blocks, headers=headers)


async def _told(events: bytes) -> AsyncGenerator[bytes]:
    yield events


class SeenByFilters:
    """Lets a stream of a chat pass, and has filters see its texts before its end does.

    A filter that refuses them ends the stream with an error in place of that end. The relay counts
    the tokens of the stream into ``tokens``.
    """

    def __init__(self, filters: CallFilters, tokens: Tokens) -> None:
        self._filters = filters
        self._texts: dict[Any, list[str]] = {}
        self._tokens = tokens

    async def __call__(self, event: bytes) -> bytes:
        """``event`` as it is. Raises ``ApiError`` at the end of a stream that is refused."""
        data = data_of(event)
        if data.startswith(DONE_MARK):
            texts = ("".join(pieces) for pieces in self._texts.values())
            await self._filters.see(texts, chat_usage(self._tokens))
            return event
        choices = json_object(data).get("choices")
        for choice in choices if isinstance(choices, list) else ():
            match choice:
                case {"delta": dict(delta)}:
                    pieces = self._texts.setdefault(str(choice.get("index")), [])
                    if isinstance(delta.get("content"), str):
                        pieces.append(delta["content"])
        return event


class ChangedEvents:
    """A stream of whole events, each replaced by what ``change`` makes of it: one, several, none.

    An error that ``change`` raises ends the stream, after the events before it.
    """

    def __init__(
        self, blocks: AsyncIterable[bytes], change: Callable[[bytes], Awaitable[bytes]]
    ) -> None:
        self._blocks = blocks
        self._change = change

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        async with aclosing(cast("Any", aiter(self._blocks))) as blocks:
            async for block in blocks:
                failure: ApiError | None = None
                changed: list[bytes] = []
                for event in split_events(block):
                    try:
                        changed.append(await self._change(event))
                    except ApiError as exc:
                        failure = exc
                        break
                    except WireFormatError as exc:
                        failure = UpstreamAnswerError(exc.message)
                        break
                if any(changed):
                    yield b"".join(changed)
                if failure is not None:
                    raise failure

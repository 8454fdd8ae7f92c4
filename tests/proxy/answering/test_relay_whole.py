"""A client that asked for a stream gets one, even of an upstream that does not stream."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from proxy.answering.limits import Limits
from proxy.answering.relay import Relay
from proxy.client_side.errors import ApiError
from tests.support.builders import a_response, an_exchange
from usage.exchange import Exchange
from wire_formats.chat.dialect import CHAT
from wire_formats.dialect import Dialect
from wire_formats.messages.dialect import MESSAGES
from wire_formats.responses.dialect import RESPONSES

FAILURE = {"code": "server_error", "message": "Boom."}
COMPLETION: dict[str, Any] = {
    "id": "c1",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 4},
    },
}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "content": [],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 2},
}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "error": None,
    "output": [],
    "usage": {
        "input_tokens": 9,
        "output_tokens": 2,
        "input_tokens_details": {"cached_tokens": 4},
    },
}
ANSWERS = {"chat": (CHAT, COMPLETION), "message": (MESSAGES, MESSAGE)}
ANSWERS |= {"response": (RESPONSES, RESPONSE)}
every_answer = pytest.mark.parametrize(("dialect", "answer"), ANSWERS.values(), ids=ANSWERS)


async def relayed(
    dialect: Dialect,
    *parts: bytes,
    keeps_usage: bool = True,
    limits: Limits | None = None,
    exchange: Exchange | None = None,
) -> bytes:
    relay = Relay(
        a_response(*parts),
        dialect=dialect,
        keeps_usage=keeps_usage,
        limits=limits or Limits(),
        secrets=frozenset(),
        exchange=exchange or an_exchange(),
    )
    await relay.open()
    return b"".join([part async for part in relay])


async def told(dialect: Dialect, answer: Any, **options: Any) -> bytes:
    """``answer``, indented and in two pieces, as the client hears it."""
    body = orjson.dumps(answer, option=orjson.OPT_INDENT_2)
    return await relayed(dialect, body[:9], body[9:], **options)


@every_answer
async def test_an_answer_in_one_piece_is_told_as_a_stream_and_counted(
    dialect: Dialect, answer: dict[str, Any]
) -> None:
    exchange = an_exchange()
    stream = await told(dialect, answer, exchange=exchange)
    assert stream == dialect.events_of(answer) != b""
    tokens = exchange.tokens
    assert (tokens.prompt, tokens.cached, tokens.completion) == (9, 4, 2)
    assert exchange.error_code == ""


async def test_usage_is_told_to_who_asked() -> None:
    assert b'"usage"' in await told(CHAT, COMPLETION, keeps_usage=True)
    assert b'"usage"' not in await told(CHAT, COMPLETION, keeps_usage=False)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": None}, ""),
        ({"status": "incomplete"}, ""),
        ({"status": "failed"}, "upstream_error"),
        ({"status": "failed", "error": FAILURE}, "upstream_error"),
        ({"status": "completed", "error": FAILURE}, "upstream_error"),
    ],
)
async def test_a_response_that_failed_is_booked_as_one(fields: dict[str, Any], code: str) -> None:
    exchange = an_exchange()
    await told(RESPONSES, RESPONSE | fields, exchange=exchange)
    assert (exchange.error_code, exchange.tokens.completion) == (code, 2)


async def test_counts_that_are_missing_stay_unknown() -> None:
    exchange = an_exchange()
    answer = {name: value for name, value in MESSAGE.items() if name != "usage"}
    await told(MESSAGES, answer, exchange=exchange)
    assert (exchange.tokens.prompt, exchange.tokens.completion) == (None, None)


@pytest.mark.parametrize("dialect", [CHAT, MESSAGES, RESPONSES])
@pytest.mark.parametrize("body", [b"{}", b'{"choices":[]}', b'{"type":"message"}', b"{"])
async def test_an_object_that_is_no_answer_becomes_a_502(dialect: Dialect, body: bytes) -> None:
    with pytest.raises(ApiError, match="not an event stream") as caught:
        await relayed(dialect, body)
    assert caught.value.status == 502


async def test_an_answer_that_holds_an_error_is_that_error() -> None:
    with pytest.raises(ApiError, match="Boom"):
        await told(MESSAGES, MESSAGE | {"error": {"message": "Boom"}})


async def test_a_whole_answer_has_its_own_cap() -> None:
    with pytest.raises(ApiError, match="too large"):
        await relayed(CHAT, b'{"a":"', b"x" * 200, limits=Limits(whole_bytes=100))

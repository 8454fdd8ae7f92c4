"""A client that asked for a stream gets one, even of an upstream that does not stream."""

from __future__ import annotations

import orjson
import pytest

from proxy.answering.limits import Limits
from proxy.answering.relay import Relay
from proxy.client_side.errors import ApiError
from tests.support.builders import a_response, an_exchange
from wire_formats.chat.dialect import CHAT
from wire_formats.sse import DONE, data_of, split_events

CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": "[]"}},
]
MESSAGE = {"role": "assistant", "content": "Hello", "reasoning_content": "hm", "refusal": None}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2}


def an_answer(message: dict, **fields: object) -> dict:
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    shared = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m"}
    return {**shared, "choices": [choice], "usage": USAGE, **fields}


def a_relay(*parts: bytes, keeps_usage: bool = False, limits: Limits | None = None):
    return Relay(
        a_response(*parts),
        dialect=CHAT,
        keeps_usage=keeps_usage,
        limits=limits or Limits(),
        secrets=frozenset(),
        exchange=an_exchange(),
    )


async def chunks_of(answer: dict, **options: object) -> list[dict]:
    body = orjson.dumps(answer, option=orjson.OPT_INDENT_2)
    relay = a_relay(body[:9], body[9:], **options)
    await relay.open()
    *events, last = split_events(b"".join([part async for part in relay]))
    assert last == DONE
    assert (relay._exchange.tokens.prompt, relay._exchange.tokens.completion) == (3, 2)
    return [orjson.loads(data_of(event)) for event in events]


def deltas(chunks: list[dict]) -> list[dict]:
    return [choice["delta"] for chunk in chunks for choice in chunk["choices"]]


async def test_a_chat_is_told_in_order() -> None:
    chunks = await chunks_of(an_answer(MESSAGE))
    told = {"reasoning_content": "hm", "content": "Hello"}
    assert deltas(chunks) == [{"role": "assistant"}, told, {}]
    assert [c["choices"][0]["finish_reason"] for c in chunks] == [None, None, "stop"]
    assert {(c["id"], c["object"], c["model"]) for c in chunks} == {
        ("c1", "chat.completion.chunk", "m")
    }


async def test_calls_of_tools_are_numbered() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": CALLS}
    [_, told, _] = deltas(await chunks_of(an_answer(message)))
    assert told == {"tool_calls": [{"index": i} | call for i, call in enumerate(CALLS)]}


async def test_usage_is_told_to_who_asked() -> None:
    *_, last = await chunks_of(an_answer(MESSAGE), keeps_usage=True)
    assert (last["choices"], last["usage"]) == ([], USAGE)


async def test_an_upstream_that_gives_no_reason_has_stopped() -> None:
    answer = an_answer(MESSAGE)
    answer["choices"][0]["finish_reason"] = None
    assert (await chunks_of(answer))[-1]["choices"][0]["finish_reason"] == "stop"


async def test_a_completion_is_one_chunk() -> None:
    choice = {"index": 0, "text": "Hello", "finish_reason": "length"}
    [chunk] = await chunks_of({"object": "text_completion", "choices": [choice], "usage": USAGE})
    assert chunk["choices"] == [choice | {"logprobs": None}]


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"choices":[]}', b'{"choices":[{}]}', b'{"choices":[1]}', b'{"choices":1}', b"{"],
)
async def test_an_object_that_is_no_answer_becomes_a_502(body: bytes) -> None:
    with pytest.raises(ApiError, match="not an event stream"):
        await a_relay(body).open()


async def test_a_whole_answer_has_its_own_cap() -> None:
    with pytest.raises(ApiError, match="too large"):
        await a_relay(b'{"a":"', b"x" * 200, limits=Limits(whole_bytes=100)).open()

"""An upstream's answer as it comes, and what of it is changed on the way."""

from __future__ import annotations

import pytest

from proxy.answering.dispatched import Dispatched
from proxy.answering.streamed import relay_answer
from tests.support.builders import a_response, a_target, an_exchange
from wire_formats.chat.dialect import CHAT
from wire_formats.dialect import Dialect
from wire_formats.responses.dialect import RESPONSES, TRANSLATED_CHAT
from wire_formats.sse import DONE, encoded_event

TAGGED = [
    encoded_event({"choices": [{"index": 0, "delta": {"content": piece}}]})
    for piece in ("<thi", "nk>a</thi", "nk>b")
]


async def streamed(model: str, dialect: Dialect, *events: bytes) -> bytes:
    answer = Dispatched(target=a_target(model=model), response=a_response(*events))
    response = await relay_answer(answer, an_exchange(), dialect=dialect)
    return b"".join([part async for part in response])


@pytest.mark.parametrize("dialect", [CHAT, TRANSLATED_CHAT])
async def test_thoughts_in_tags_are_told_beside_the_answer(dialect: Dialect) -> None:
    end = encoded_event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    told = await streamed("deepseek-r1-distill", dialect, *TAGGED, end, DONE)
    assert b'"reasoning_content":"a"' in told
    assert b"nk>" not in told
    assert told.endswith(end + DONE)
    plain = b"".join([*TAGGED, end, DONE])
    assert await streamed("llama-4", dialect, *TAGGED, end, DONE) == plain


async def test_other_streams_of_such_a_model_pass_as_they_are() -> None:
    event = encoded_event({"type": "response.completed", "response": {}}, name="x")
    assert await streamed("deepseek-r1", RESPONSES, event) == event

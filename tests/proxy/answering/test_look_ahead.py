"""When a stream shows that an answer comes, and that nothing of it is lost by the look."""

from __future__ import annotations

import pytest

from connections.errors import MidStreamError
from proxy.answering.limits import Limits
from proxy.answering.look_ahead import MOST_EVENTS, Told, look_ahead
from proxy.client_side.errors import UpstreamAnswerError
from tests.support.builders import a_response
from wire_formats.chat.dialect import CHAT
from wire_formats.dialect import Dialect
from wire_formats.messages.dialect import MESSAGES
from wire_formats.responses.dialect import RESPONSES
from wire_formats.sse import DONE, encoded_event, typed_event


def delta(**fields: object) -> bytes:
    return encoded_event({"choices": [{"index": 0, "delta": fields, "finish_reason": None}]})


ROLE = delta(role="assistant", content="")
TEXT = delta(content="Hel")
FINISH = encoded_event({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
ERROR = encoded_event({"error": {"message": "Slow down.", "code": "rate_limit_exceeded"}})
PING = b": ping\n\n"


async def looked(*chunks: bytes | Exception, dialect: Dialect = CHAT) -> tuple[Told | None, bytes]:
    """What the look tells, and what was read for it."""
    response = a_response(*chunks)
    told = await look_ahead(response, dialect, Limits())
    return told, await anext(response.chunks())


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        delta(reasoning_content="Hm"),
        delta(reasoning="Hm"),
        delta(refusal="No"),
        delta(tool_calls=[{"index": 0, "function": {"name": "f"}}]),
        delta(audio={"data": "AAAA"}),
        encoded_event({"choices": [{"text": "Hel"}]}),
        FINISH,
        DONE,
    ],
)
async def test_content_or_the_end_of_an_empty_answer_ends_the_look(content: bytes) -> None:
    told, read = await looked(PING, ROLE, content, MidStreamError("not read"))
    assert told is None
    assert read == PING + ROLE + content


@pytest.mark.parametrize(
    "start_up",
    [
        PING,
        ROLE,
        delta(role="assistant", content=None, annotations=[]),
        encoded_event({"choices": [], "prompt_filter_results": [{"content": "x"}]}),
        encoded_event({"choices": [], "usage": {"prompt_tokens": 3}}),
    ],
)
async def test_start_up_does_not(start_up: bytes) -> None:
    with pytest.raises(UpstreamAnswerError):
        await looked(start_up)


async def test_all_chunks_come_again_in_their_order() -> None:
    response = a_response(ROLE[:20], ROLE[20:], TEXT, b"rest", FINISH)
    await look_ahead(response, CHAT, Limits())
    assert [chunk async for chunk in response.chunks()] == [ROLE + TEXT, b"rest", FINISH]


async def test_an_error_after_start_up_is_told() -> None:
    told, _ = await looked(PING, ROLE, ERROR)
    assert told is not None
    assert (told.error.code, told.is_answer) == ("rate_limit_exceeded", False)


async def test_an_error_in_the_place_of_a_stream_is_told() -> None:
    told, _ = await looked(b'{"error":', b'{"message":"Bad key","code":"invalid_api_key"}}')
    assert told is not None
    assert told.error.status == 401


async def test_a_whole_answer_in_the_place_of_a_stream_is_content() -> None:
    told, read = await looked(b'{"choices":[{"message":', b'{"content":"Hi"}}]}')
    assert told is None
    assert read == b'{"choices":[{"message":{"content":"Hi"}}]}'


async def test_a_stream_that_breaks_before_content_fails() -> None:
    with pytest.raises(MidStreamError):
        await looked(ROLE, MidStreamError("reset"))


@pytest.mark.parametrize("odd", [b'{"nothing": []}', b"{}", b"{"])
@pytest.mark.parametrize("dialect", [CHAT, MESSAGES, RESPONSES])
async def test_an_object_that_is_no_answer_is_none(odd: bytes, dialect: Dialect) -> None:
    with pytest.raises(UpstreamAnswerError, match="not an event stream"):
        await looked(odd, dialect=dialect)


async def test_no_more_than_so_much_start_up_is_held() -> None:
    told, read = await looked(*[ROLE] * MOST_EVENTS, MidStreamError("not read"))
    assert told is None
    assert read == ROLE * MOST_EVENTS


CREATED = typed_event("response.created", response={"id": "resp_1"})
ADDED = typed_event("response.output_item.added", item={"type": "message"})
TOOL = typed_event("response.output_item.added", item={"type": "function_call", "name": "f"})
FAILED = typed_event(
    "response.failed",
    response={"status": "failed", "error": {"code": "server_error", "message": "Sorry."}},
)
SAID = typed_event("response.output_text.delta", delta="Hel")


@pytest.mark.parametrize("content", [SAID, TOOL])
async def test_a_response_begins_with_what_the_model_makes(content: bytes) -> None:
    told, read = await looked(CREATED, ADDED, content, dialect=RESPONSES)
    assert told is None
    assert read == CREATED + ADDED + content


async def test_a_response_that_failed_may_be_passed_on() -> None:
    told, _ = await looked(CREATED, FAILED, dialect=RESPONSES)
    assert told is not None
    assert (told.error.code, told.is_answer) == ("server_error", True)


async def test_a_response_in_the_background_begins_with_its_id() -> None:
    response = a_response(CREATED, MidStreamError("not read"))
    assert await look_ahead(response, RESPONSES, Limits(), takes_any_event=True) is None


START = typed_event("message_start", message={"usage": {"input_tokens": 3}})
BLOCK = typed_event("content_block_start", content_block={"type": "text", "text": ""})
CALL = typed_event("content_block_start", content_block={"type": "tool_use", "name": "f"})
WORD = typed_event("content_block_delta", delta={"type": "text_delta", "text": "Hel"})
STOP = typed_event("message_delta", delta={"stop_reason": "end_turn"})


@pytest.mark.parametrize("content", [WORD, CALL, STOP])
async def test_a_message_begins_with_its_first_words(content: bytes) -> None:
    ping = typed_event("ping")
    told, read = await looked(START, ping, BLOCK, content, dialect=MESSAGES)
    assert told is None
    assert read == START + ping + BLOCK + content


async def test_an_overloaded_error_of_messages_is_told() -> None:
    error = typed_event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    told, _ = await looked(START, error, dialect=MESSAGES)
    assert told is not None
    assert told.error.status == 529

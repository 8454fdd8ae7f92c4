"""Whatever an upstream answers becomes a message, or is said to be no answer."""

import contextlib

import orjson
from hypothesis import given
from hypothesis import strategies as st

from wire_formats.errors import UnreadableAnswerError
from wire_formats.messages.answer_from_chat.answer import Asked, message_of
from wire_formats.messages.answer_from_chat.stream import MessageEvents
from wire_formats.token_counts import Tokens

ASKED = Asked(request_id="req_1", model="m", stop_sequences=("STOP",))
NAMES = st.sampled_from(
    [
        *["arguments", "content", "data", "extra_content", "format", "function", "google", "id"],
        *["index", "name", "reasoning", "reasoning_content", "reasoning_details", "refusal"],
        *["signature", "summary", "text", "thinking", "thinking_blocks", "thought_signature"],
        *["tool_calls", "type"],
    ]
)
WORDS = st.sampled_from(
    [
        *["", "a", "f", "{}", '{"a": 1}', '{"a":', "thinking", "text", "reasoning.text"],
        *["reasoning.encrypted", "redacted_thinking", "anthropic-claude-v1", "google-gemini-v1"],
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.just(1.5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
SAID = st.dictionaries(NAMES, VALUES, max_size=5)
REASONS = st.sampled_from([None, "stop", "length", "tool_calls", 7, {}, []])


@given(said=SAID, finish_reason=REASONS, stop_reason=VALUES)
def test_a_whole_answer(said, finish_reason, stop_reason):
    choice = {"message": said, "finish_reason": finish_reason, "stop_reason": stop_reason}
    with contextlib.suppress(UnreadableAnswerError):
        orjson.dumps(message_of({"choices": [choice]}, ASKED, Tokens()))


@given(deltas=st.lists(SAID, max_size=5), choices=VALUES, finish_reason=REASONS)
async def test_a_stream(deltas, choices, finish_reason):
    change = MessageEvents(ASKED, Tokens())
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    last = {"index": 0, "delta": {}, "finish_reason": finish_reason}
    chunks += [{"choices": choices}, {"choices": [last]}]
    with contextlib.suppress(UnreadableAnswerError):
        told = [await change(b"data: %b\n\n" % orjson.dumps(chunk)) for chunk in chunks]
        told.append(await change(b"data: [DONE]\n\n"))
        text = b"".join(told)
        assert text.count(b"event: content_block_start") == text.count(b"event: content_block_stop")
        assert text.count(b"event: message_stop") == 1

"""What a response says to a chat, and what that chat says to the next response."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wire_formats.chat.reasoning import OPENAI
from wire_formats.errors import UnsendableError
from wire_formats.responses.answer_to_chat.answer import ResponseTranslation
from wire_formats.responses.answer_to_chat.output import message_of
from wire_formats.responses.request_from_chat.items import Items
from wire_formats.responses.request_from_chat.request import responses_request

texts = st.text(min_size=1, max_size=20)
names = st.from_regex(r"[a-z_]{1,20}", fullmatch=True)
ids = st.from_regex(r"[A-Za-z0-9_=-]{1,100}", fullmatch=True)
thoughts = st.builds(
    lambda id_, text, sealed: {
        "type": "reasoning",
        "id": f"rs_{id_}"[:64],
        "summary": [{"type": "summary_text", "text": text}] if text else [],
        "encrypted_content": sealed,
    },
    ids,
    st.text(max_size=20),
    texts,
)
functions = st.builds(
    lambda id_, name, text: {
        "type": "function_call",
        "call_id": id_,
        "name": name,
        "arguments": text,
    },
    ids,
    names,
    texts,
)
customs = st.builds(
    lambda id_, name, text: {
        "type": "custom_tool_call",
        "call_id": id_,
        "name": name,
        "input": text,
    },
    ids,
    names,
    st.text(max_size=20),
)
messages = st.builds(
    lambda text: {"type": "message", "content": [{"type": "output_text", "text": text}]}, texts
)
FIELDS = [
    "type",
    "id",
    "call_id",
    "name",
    "content",
    "item",
    "text",
    "delta",
    "function",
    "arguments",
    "custom",
    "input",
    "role",
    "summary",
    "output_index",
    "response",
    "",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
kinds = st.sampled_from(
    [
        "response.created",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.delta",
        "response.output_text.annotation.added",
        "response.function_call_arguments.delta",
        "response.reasoning_summary_text.delta",
        "response.brand_new",
        "keepalive",
    ]
)


@given(
    st.lists(thoughts, max_size=2, unique_by=lambda item: item["id"]),
    st.none() | messages,
    st.lists(functions | customs, min_size=1, max_size=3, unique_by=lambda item: item["call_id"]),
)
def test_a_turn_comes_back_as_it_was(reasoning, said, calls):
    output = [*reasoning, *([said] if said else []), *calls]
    message = {"role": "assistant"} | message_of(output)
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": "done"}
        for call in message["tool_calls"]
    ]
    items = Items()
    items.read([message, *results])
    assert items.dropped == []
    told = items.items[: len(output)]
    assert told[: len(reasoning)] == reasoning
    assert all(detail["format"] == OPENAI for detail in message.get("reasoning_details", ()))
    if said:
        text = said["content"][0]["text"]
        assert told[len(reasoning)] == {"role": "assistant", "content": text}
    for call, again in zip(calls, told[-len(calls) :], strict=True):
        assert again | {"call_id": ""} == call | {"call_id": ""}
        assert len(again["call_id"]) <= 64
    answered = [item["call_id"] for item in items.items[len(output) :]]
    assert answered == [item["call_id"] for item in told[-len(calls) :]]


@given(st.lists(anything, max_size=4), anything, anything)
def test_any_past_is_understood_or_refused(content, calls, choice):
    said = {"role": "assistant", "content": "Hi", "tool_calls": calls, "reasoning_details": content}
    body = {
        "messages": [said, {"role": "tool", "content": choice}, {"role": "user", "content": "Hi"}],
        "tools": content,
        "tool_choice": choice,
    }
    assert responses_request(body, model="m").body["input"]
    body["messages"].append({"role": "user", "content": content})
    try:
        responses_request(body, model="m")
    except UnsendableError:
        return


@given(st.lists(st.builds(lambda kind, event: (kind, event), kinds, anything), max_size=6))
def test_odd_events_never_fail_a_stream(events):
    translation = ResponseTranslation()
    for kind, event in events:
        fields = event if isinstance(event, dict) else {"item": event}
        for chunk in translation.event(fields | {"type": kind}):
            assert "choices" in chunk

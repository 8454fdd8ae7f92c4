from __future__ import annotations

import re
from typing import Any

import pytest
from anthropic.types import MessageParam
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from wire_formats.errors import UnsendableError
from wire_formats.messages.request_from_chat.history import History, history_of

VALID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
HI = {"role": "user", "content": "Hi"}
PNG = "data:image/png;base64,iVBO"
MARK = {"type": "ephemeral"}
PARAMS: TypeAdapter[Any] = TypeAdapter(list[MessageParam])


def history(*messages: Any) -> History:
    made = history_of({"messages": list(messages)})
    PARAMS.validate_python(made.messages)
    return made


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **fields}


def image(url: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def calling(*calls: tuple[Any, Any], **fields: Any) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": id_, "type": "function", "function": {"name": "f", "arguments": arguments}}
            for id_, arguments in calls
        ],
    } | fields


def result(id_: str, content: Any = "4", **fields: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id_, "content": content} | fields


def blocks(made: History, index: int = -1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = made.messages[index]["content"]
    return found


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": "Be brief."}],
        [{"role": "assistant", "content": "Hello"}, HI],
    ],
)
def test_the_user_begins(messages: list[dict[str, Any]]) -> None:
    assert history(*messages).messages[0]["role"] == "user"


def test_further_fields_are_named() -> None:
    made = history(
        HI | {"name": "ada"},
        {"role": "assistant", "content": "a", "audio": {"id": "x"}, "annotations": []},
        HI,
    )
    assert made.lost == ["messages.name", "messages.audio"]


IDS = st.sampled_from(["a", "b", "call:0", "", "x" * 80])
CONTENTS = st.sampled_from([None, "", " ", "words", [text("part")], [image(PNG)]])
MESSAGES = st.one_of(
    st.builds(lambda c: {"role": "system", "content": c}, CONTENTS),
    st.builds(lambda c: {"role": "user", "content": c}, CONTENTS),
    st.builds(lambda ids: calling(*((i, "{") for i in ids)), st.lists(IDS, max_size=3)),
    st.builds(lambda c: {"role": "assistant", "content": c}, CONTENTS),
    st.builds(result, IDS, CONTENTS),
    st.builds(lambda c: {"role": "function", "name": "f", "content": c}, CONTENTS),
)


@given(st.lists(MESSAGES, max_size=8))
def test_any_conversation_is_one_that_anthropic_takes(messages: list[dict[str, Any]]) -> None:
    made = history(*messages)
    roles = [message["role"] for message in made.messages]
    asked: list[str] = []
    seen: set[str] = set()

    assert roles == (["user", "assistant"] * len(roles))[: len(roles)]
    for message in made.messages:
        answered = [b["tool_use_id"] for b in message["content"] if b["type"] == "tool_result"]
        assert answered == asked
        kinds = [block["type"] == "tool_result" for block in message["content"]]
        assert kinds == sorted(kinds, reverse=True)
        asked = [b["id"] for b in message["content"] if b["type"] == "tool_use"]
        assert all(VALID.match(id_) for id_ in asked)
        assert seen.isdisjoint(asked)
        seen.update(asked)
        assert message["content"]
    assert asked == []


def test_system_messages_stand_apart() -> None:
    developer = {"role": "developer", "content": [text("In verse.")]}
    made = history({"role": "system", "content": "Be brief."}, HI, developer)
    assert made.system == [text("Be brief."), text("In verse.")]
    assert made.messages == [{"role": "user", "content": [text("Hi")]}]


NO_MESSAGES = {
    "a part that is a text": [{"role": "user", "content": ["Hi"]}],
    "a message that is a text": ["Hi"],
    "a data URL in clear": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,a"}}]}
    ],
}


@pytest.mark.parametrize("messages", NO_MESSAGES.values(), ids=NO_MESSAGES)
def test_what_is_no_message_is_refused(messages: list[Any]) -> None:
    with pytest.raises(UnsendableError):
        history(*messages)

from __future__ import annotations

import re
from typing import Any

import pytest
from anthropic.types import MessageParam
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from wire_formats.chat.reasoning import ANTHROPIC, OPENAI, Thought, reasoning_fields
from wire_formats.errors import UnsendableError
from wire_formats.messages.history_from_chat import History, history_of

VALID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
HI = {"role": "user", "content": "Hi"}
PNG = "data:image/png;base64,iVBO"
PDF = "data:application/pdf;base64,JVBE"
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


def file(**fields: Any) -> dict[str, Any]:
    return {"type": "file", "file": fields}


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


@pytest.mark.parametrize("kind", ["image/jpg", "image/JPEG", "image/pjpeg"])
def test_jpegs_have_one_name(kind: str) -> None:
    made = history(user(image(f"data:{kind};base64,AA")))
    assert blocks(made)[0]["source"]["media_type"] == "image/jpeg"


@pytest.mark.parametrize(
    "part",
    [
        image("data:image/tiff;base64,AA"),
        image("data:image/svg+xml;base64,AA"),
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "https://x.example/v.mp4"}},
        file(filename="x.zip", file_data="data:application/zip;base64,AA"),
        file(),
    ],
)
def test_what_cannot_be_given_is_refused_with_its_place(part: dict[str, Any]) -> None:
    with pytest.raises(UnsendableError) as refused:
        history(HI, user(text("See"), part))
    assert str(refused.value.param).startswith("messages.1.content.1")


def test_what_could_not_be_given_before_is_left_out_and_named() -> None:
    made = history(
        user(text("See"), {"type": "input_audio"}), {"role": "assistant", "content": "a"}, HI
    )
    assert made.messages[0]["content"] == [text("See")]
    assert made.lost == ["messages.content"]


@pytest.mark.parametrize(
    ("given", "source"),
    [
        (
            file(filename="a.pdf", file_data=PDF),
            {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
        ),
        (
            file(filename="a.pdf", file_data="JVBE"),
            {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
        ),
        (
            file(filename="a.txt", file_data="data:text/plain;base64,SGk="),
            {"type": "text", "media_type": "text/plain", "data": "Hi"},
        ),
        (
            file(filename="a.txt", file_data="data:text/plain,H%69"),
            {"type": "text", "media_type": "text/plain", "data": "Hi"},
        ),
        (
            file(file_url="https://x.example/a.pdf"),
            {"type": "url", "url": "https://x.example/a.pdf"},
        ),
        (file(file_id="file_1"), {"type": "file", "file_id": "file_1"}),
        (image(PDF), {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}),
    ],
)
def test_files_are_documents(given: dict[str, Any], source: dict[str, Any]) -> None:
    [block] = blocks(history(user(given)))
    assert (block["type"], block["source"]) == ("document", source)
    assert block.get("title") == given.get("file", {}).get("filename")


def test_anthropics_own_blocks_pass() -> None:
    own = {"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}}
    marked = user({**own, "cache_control": MARK})
    assert blocks(history(marked)) == [own | {"cache_control": MARK}]


@pytest.mark.parametrize("empty", ["", " \n", [], [text(" ")], None])
def test_messages_of_blanks_are_left_out(empty: Any) -> None:
    made = history(
        {"role": "system", "content": empty},
        HI,
        {"role": "assistant", "content": empty},
        {"role": "user", "content": empty},
    )
    assert made.messages == [{"role": "user", "content": [text("Hi")]}]
    assert made.system == []


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": "Be brief."}],
        [{"role": "assistant", "content": "Hello"}, HI],
    ],
)
def test_the_user_begins(messages: list[dict[str, Any]]) -> None:
    assert history(*messages).messages[0]["role"] == "user"


def test_a_mark_of_a_message_is_one_of_its_last_block() -> None:
    made = history({"role": "system", "content": "a", "cache_control": MARK}, HI)
    assert made.system == [text("a", cache_control=MARK)]
    made = history(HI, calling(("a", "{}")), result("a", [text("x", cache_control=MARK)]))
    assert blocks(made) == [
        {
            "type": "tool_result",
            "tool_use_id": "a",
            "content": [text("x")],
            "cache_control": MARK,
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "expected", "is_named"),
    [
        ('{"a": 1}', {"a": 1}, False),
        ({"a": 1}, {"a": 1}, False),
        ("", {}, False),
        (None, {}, False),
        ('{"a":', {"arguments": '{"a":'}, True),
        ("[1]", {"arguments": [1]}, True),
        ('"x"', {"arguments": "x"}, True),
    ],
)
def test_arguments_of_any_kind_are_an_object(
    arguments: Any, expected: dict[str, Any], is_named: bool
) -> None:
    made = history(HI, calling(("a", arguments)), result("a"))
    assert blocks(made, 1)[0]["input"] == expected
    assert made.lost == (["messages.tool_calls"] if is_named else [])


@pytest.mark.parametrize("id_", ["functions.get:0", "a" * 469, "x=y", "é", "call|fc_1"])
def test_foreign_ids_are_mapped_alike_in_calls_and_results(id_: str) -> None:
    made = history(HI, calling((id_, "{}")), result(id_))
    again = history(HI, calling((id_, "{}")), result(id_))
    call, answer = blocks(made, 1)[0], blocks(made)[0]

    assert VALID.match(call["id"])
    assert call["id"] == answer["tool_use_id"]
    assert again.messages == made.messages
    assert made.lost == []


def test_valid_ids_stay() -> None:
    assert blocks(history(HI, calling(("toolu_1", "{}")), result("toolu_1")), 1)[0]["id"] == (
        "toolu_1"
    )


def test_ids_that_are_used_again_stay_apart() -> None:
    turn = [calling(("call_0", "{}"), ("call_1", "{}")), result("call_1"), result("call_0")]
    made = history(HI, *turn, *turn)
    calls = [[b["id"] for b in blocks(made, index)] for index in (1, 3)]
    answers = [[b["tool_use_id"] for b in blocks(made, index)] for index in (2, 4)]

    assert calls == answers == [["call_0", "call_1"], ["call_0_2", "call_1_2"]]


def test_a_call_without_a_result_gets_one_and_it_is_named() -> None:
    made = history(HI, calling(("a", "{}"), ("b", "{}")), result("b"), HI)
    missing, given, said = blocks(made)

    assert (missing["tool_use_id"], missing["is_error"]) == ("a", True)
    assert given["tool_use_id"] == "b"
    assert said == text("Hi")
    assert made.lost == ["messages.tool_calls"]
    assert blocks(history(HI, calling(("a", "{}"))))[0]["type"] == "tool_result"


def test_a_result_without_a_call_becomes_words() -> None:
    made = history(HI, result("gone", "sunny"))

    assert [block["type"] for block in blocks(made)] == ["text"] * 3
    assert blocks(made)[-1] == text("sunny")
    assert made.lost == ["messages.tool_call_id"]


def test_results_stand_before_what_the_user_said() -> None:
    made = history(HI, calling(("a", "{}"), ("b", "{}")), result("a"), HI, result("b"))
    assert [block["type"] for block in blocks(made)] == ["tool_result", "tool_result", "text"]


def test_the_older_form_of_calls_is_paired_by_name() -> None:
    made = history(
        HI,
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "4"},
    )
    call, answer = blocks(made, 1)[0], blocks(made)[0]
    assert (call["name"], call["id"]) == ("f", answer["tool_use_id"])
    assert made.lost == []


def test_calls_that_are_none_are_left_out_and_named() -> None:
    made = history(HI, {"role": "assistant", "content": "a", "tool_calls": [5, {"id": "x"}]}, HI)
    assert made.messages[1]["content"] == [text("a")]
    assert made.lost == ["messages.tool_calls"] * 2


def test_custom_calls_are_calls_with_text() -> None:
    call = {"id": "a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    made = history(HI, {"role": "assistant", "tool_calls": [call]}, result("a"))
    assert blocks(made, 1)[0]["input"] == {"input": "ls"}


@pytest.mark.parametrize("content", [5, {"a": 1}, [1, 2], True])
def test_a_tool_may_say_anything(content: Any) -> None:
    [answer] = blocks(history(HI, calling(("a", "{}")), result("a", content)))
    assert answer["content"][0]["type"] == "text"


def test_a_result_holds_images() -> None:
    [answer] = blocks(history(HI, calling(("a", "{}")), result("a", [image(PNG)])))
    assert answer["content"][0]["type"] == "image"


SIGNED = [
    Thought(text="Hm", signature="sig==", format=ANTHROPIC),
    Thought(text="", signature="hidden", format=ANTHROPIC),
    Thought(sealed="s3al", format=ANTHROPIC),
]
SIGNED_BLOCKS = [
    {"type": "thinking", "thinking": "Hm", "signature": "sig=="},
    {"type": "thinking", "thinking": "", "signature": "hidden"},
    {"type": "redacted_thinking", "data": "s3al"},
]


@pytest.mark.parametrize("field", ["thinking_blocks", "reasoning_details"])
def test_signed_thoughts_stand_before_the_call(field: str) -> None:
    fields = reasoning_fields(SIGNED)
    kept = {"reasoning_content": fields["reasoning_content"], field: fields[field]}
    made = history(HI, calling(("a", "{}"), content="Let me see.", **kept), result("a"))

    assert blocks(made, 1)[:3] == SIGNED_BLOCKS
    assert [block["type"] for block in blocks(made, 1)[3:]] == ["text", "tool_use"]
    assert made.lost == []
    assert not made.calls_without_thought


def test_thoughts_of_others_are_left_out_and_named() -> None:
    others = reasoning_fields([Thought(text="Hm", sealed="x", id="rs_1", format=OPENAI)])
    made = history(HI, calling(("a", "{}"), **others), result("a"))

    assert [block["type"] for block in blocks(made, 1)] == ["tool_use"]
    assert set(made.lost) == {"messages.reasoning_content", "messages.reasoning_details"}
    assert made.calls_without_thought


def test_thoughts_go_back_to_those_who_demand_them() -> None:
    messages = [HI, calling(("a", "{}"), reasoning_content="Hm"), result("a")]
    made = history_of({"messages": messages}, keeps_all_thoughts=True)

    assert blocks(made, 1)[0] == {"type": "thinking", "thinking": "Hm", "signature": ""}


def test_further_fields_are_named() -> None:
    made = history(
        HI | {"name": "ada"},
        {"role": "assistant", "content": "a", "audio": {"id": "x"}, "annotations": []},
        HI,
    )
    assert made.lost == ["messages.name", "messages.audio"]


def test_a_role_nobody_knows_is_refused() -> None:
    with pytest.raises(UnsendableError) as refused:
        history({"role": "narrator", "content": "Hi"})
    assert refused.value.param == "messages.0.role"


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

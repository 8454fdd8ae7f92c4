"""The items of a response while they are being written."""

from __future__ import annotations

from wire_formats.chat.reasoning import ANTHROPIC, Thought
from wire_formats.responses.answer_from_chat.output_items import CUT
from wire_formats.responses.answer_from_chat.stream_items import (
    OpenCall,
    OpenMessage,
    OpenReasoning,
    has_summary,
)
from wire_formats.responses.request_to_chat.tools import Tool
from wire_formats.responses.sealed import opened


def test_a_message_has_a_part_for_each_kind_of_words() -> None:
    message = OpenMessage("msg_1", 0)
    told = [message.begun(), *message.text("a"), *message.text("b"), *message.refusal("No.")]
    told += message.closed()
    assert [kind.removeprefix("response.") for kind, _ in told] == [
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
    ]
    text, refusal = message.item["content"]
    assert (text["text"], refusal["refusal"]) == ("ab", "No.")


def test_notes_belong_to_the_text_that_is_open() -> None:
    message = OpenMessage("msg_1", 0)
    note = {"type": "url_citation", "url_citation": {"url": "https://x"}}
    assert list(message.annotations([note])) == []
    list(message.text("a"))
    assert len(list(message.annotations([note]))) == 1
    list(message.closed())
    assert message.item["content"][0]["annotations"][0]["url"] == "https://x"


def test_a_thought_keeps_the_signature_that_comes_last() -> None:
    item = OpenReasoning("rs_1", 0, is_summary=False, is_plain=True)
    list(item.text("Hm", is_plain=True))
    for block in ({"thinking": "H"}, {"thinking": "m", "signature": "sig"}):
        item.keep({"thinking_blocks": [{"type": "thinking", **block}]}, {"model": "m"})
    *_, (_, done) = item.closed()
    kept = opened(done["item"]["encrypted_content"])
    assert kept is not None
    assert kept.thoughts == (Thought(text="Hm", signature="sig", format=ANTHROPIC),)


def test_a_call_tells_arguments_where_its_type_has_events_for_them() -> None:
    function = OpenCall("fc_1", 0, Tool(kind="function", name="f"), "c1")
    assert [kind for kind, _ in function.arguments("{")] == [
        "response.function_call_arguments.delta"
    ]
    custom = OpenCall("ctc_1", 0, Tool(kind="custom", name="p"), "c1")
    assert list(custom.arguments("{")) == []
    told = dict(custom.ended('{"input":"x"}'))
    assert told["response.custom_tool_call_input.done"]["input"] == "x"


def test_what_was_cut_says_so() -> None:
    call = OpenCall("fc_1", 0, Tool(kind="function", name="f"), "c1")
    call.status = CUT
    list(call.ended("{"))
    assert (call.item["status"], call.item["arguments"]) == (CUT, "{")


def test_summaries_are_known_by_their_type() -> None:
    assert has_summary([5, {"type": "reasoning.summary"}])
    assert not has_summary([{"type": "reasoning.text"}])
    assert not has_summary(None)

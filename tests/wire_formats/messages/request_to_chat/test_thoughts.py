"""Earlier thinking, in the field of a chat that its upstream reads."""

from __future__ import annotations

import pytest

from tests.wire_formats.messages.request_to_chat.test_content import (
    CALL,
    RESULT,
    USER,
    assistant,
    user,
    written,
)
from wire_formats.chat.reasoning import Thought
from wire_formats.families import family_of
from wire_formats.messages.carried import carried_signatures, carried_thoughts
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits, traits_of
from wire_formats.messages.request_to_chat.request import chat_request

FOREIGN = {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}


UNSIGNED = {"type": "thinking", "thinking": "Hm.", "signature": ""}


def ours(reasoning_field="reasoning_content", model="m"):
    signature = carried_thoughts(
        [Thought(text="Hm.")], reasoning_field=reasoning_field, model=model
    )
    return {"type": "thinking", "thinking": "Hm.", "signature": signature}


@pytest.mark.parametrize("block", [FOREIGN, UNSIGNED, ours(model="another")])
@pytest.mark.parametrize("model", ["deepseek-v4", "kimi-k2.6", "glm-5", "qwen3"])
def test_thoughts_of_others_reach_those_that_read_any(model, block):
    [_, message, _], dropped = written(USER, assistant(block, CALL), user(RESULT), model=model)
    assert (message["reasoning_content"], dropped) == ("Hm.", ())


def test_a_call_without_thoughts_has_a_blank_for_those_that_demand_some():
    called, answered = assistant(CALL), user(RESULT)
    [_, message, _], _ = written(USER, called, answered, model="deepseek-v4")
    assert message["reasoning_content"] == " "
    body = {"model": "deepseek-v4", "messages": [USER, called, answered]}
    body |= {"thinking": {"type": "disabled"}}
    message = chat_request(body, traits_of(family_of("deepseek-v4"))).body["messages"][1]
    assert "reasoning_content" not in message


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5.2", "gemini-3-pro", "magistral-small"])
def test_thoughts_that_an_upstream_has_no_field_for_are_named(model):
    text = {"type": "text", "text": "Hi"}
    [_, message, _], dropped = written(USER, assistant(FOREIGN, text), USER, model=model)
    assert message == {"role": "assistant", "content": "Hi"}
    assert dropped == ("messages.thinking",)


@pytest.mark.parametrize(
    ("reasoning_field", "expected"),
    [
        ("reasoning_content", {"content": "Hi", "reasoning_content": "Hm."}),
        ("reasoning", {"content": "Hi", "reasoning": "Hm."}),
        (
            "content",
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                    {"type": "text", "text": "Hi"},
                ]
            },
        ),
    ],
)
def test_thoughts_go_back_to_the_field_that_told_them(reasoning_field, expected):
    said = assistant(ours(reasoning_field), {"type": "text", "text": "Hi"})
    [_, message, _], dropped = written(USER, said, USER, model="m")
    assert (message, dropped) == ({"role": "assistant", **expected}, ())


def test_thoughts_that_no_one_signed_may_be_anybodys():
    said = assistant(UNSIGNED, {"type": "text", "text": "Hi"})
    [_, message, _], _ = written(USER, said, USER, model="m")
    assert message["reasoning_content"] == "Hm."


def test_openrouter_gets_what_proves_and_seals_them():
    sealed = {"type": "redacted_thinking", "data": "c2VhbGVk"}
    traits = openrouter_traits(family_of("anthropic/claude-opus-4.5"))
    [_, message, _], _ = written(
        USER, assistant(FOREIGN, sealed, CALL), user(RESULT), traits=traits
    )
    assert [detail["type"] for detail in message["reasoning_details"]] == [
        "reasoning.text",
        "reasoning.encrypted",
    ]
    assert message["reasoning_details"][0]["signature"] == "EqQB"


def test_googles_signatures_go_back_to_their_calls():
    data = carried_signatures({"toolu_1": "sig", "": "of the message"}, model="gemini-3-pro")
    carrying = {"type": "redacted_thinking", "data": data}
    [_, message, _], _ = written(
        USER, assistant(carrying, CALL), user(RESULT), model="gemini-3-pro"
    )
    told = message["tool_calls"][0]["extra_content"]["google"]["thought_signature"]
    assert told == "sig"
    assert message["extra_content"]["google"]["thought_signature"] == "of the message"


def test_calls_of_others_are_told_to_gemini_as_such():
    [_, message, _], _ = written(USER, assistant(CALL), user(RESULT), model="gemini-3-pro")
    told = message["tool_calls"][0]["extra_content"]["google"]["thought_signature"]
    assert told == "skip_thought_signature_validator"
    [_, message, _], _ = written(USER, assistant(CALL), user(RESULT))
    assert "extra_content" not in message["tool_calls"][0]

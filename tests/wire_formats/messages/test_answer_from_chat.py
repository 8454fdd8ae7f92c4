"""A whole chat completion as a message."""

import pytest

from tests.wire_formats.messages.chats import COUNTED, STOP_REASONS, USAGE, a_tool_call
from wire_formats.errors import UnreadableAnswerError
from wire_formats.messages.answer_from_chat import message_of
from wire_formats.token_counts import Tokens


def message(finish_reason="stop", tokens=None, **said):
    choice = {"index": 0, "message": said, "finish_reason": finish_reason}
    return message_of(
        {"choices": [choice]}, request_id="req_1", model="m", tokens=tokens or Tokens()
    )


@pytest.mark.parametrize(("finish_reason", "expected"), STOP_REASONS)
def test_why_the_model_stopped(finish_reason, expected):
    assert message(finish_reason, content="a")["stop_reason"] == expected


def test_a_call_of_a_tool_is_why_it_stopped_whatever_the_upstream_says():
    stopped = message("stop", content=None, tool_calls=[a_tool_call()])
    assert stopped["stop_reason"] == "tool_use"


def test_a_refusal_is_one():
    refused = message(content=None, refusal="No.")
    assert (refused["stop_reason"], refused["content"][0]["text"]) == ("refusal", "No.")


def test_cached_tokens_stand_beside_the_input():
    assert message(content="a", tokens=COUNTED)["usage"] == USAGE


@pytest.mark.parametrize("calls", [None, 7, {}, ""])
def test_calls_that_are_no_list_are_none(calls):
    assert message(content="a", tool_calls=calls)["stop_reason"] == "end_turn"


@pytest.mark.parametrize(
    "said",
    [
        {"tool_calls": [{"id": "a", "function": {}}]},
        {"tool_calls": [a_tool_call(arguments="no JSON")]},
        {"tool_calls": [a_tool_call(arguments="[]")]},
    ],
)
def test_calls_that_make_no_sense_are_the_upstreams_fault(said):
    with pytest.raises(UnreadableAnswerError):
        message(**said)


@pytest.mark.parametrize("answer", [{}, {"choices": []}, {"choices": [{"text": "a"}]}])
def test_what_is_no_chat_completion_is_the_upstreams_fault(answer):
    with pytest.raises(UnreadableAnswerError):
        message_of(answer, request_id="req_1", model="m", tokens=Tokens())

from __future__ import annotations

import orjson
import pytest

from connections.errors import NotSentError
from connections.providers.registry import adapter_for
from tests.support.builders import a_call, a_caller, an_upstream

USER = {"name": "Ada Lovelace", "id": "7", "email": "ada@example.com", "role": "user"}
FILTER = {"id": "detoxify", "pipeline": {"type": "filter", "pipelines": ["*"], "priority": 0}}


def an_adapter():
    return adapter_for(an_upstream(provider="pipelines"))


def test_a_pipe_is_told_who_asks() -> None:
    call = a_call({"messages": [], "user": "someone else"})
    assert orjson.loads(an_adapter().request(call).content)["user"] == USER
    assert an_adapter().payload(call).dropped == ("user",)
    assert an_adapter().payload(a_call({"messages": []})).dropped == ()


@pytest.mark.parametrize(("body", "told"), [({}, False), ({"stream": True}, True)])
def test_a_pipe_is_told_whether_to_stream(body: dict, told: bool) -> None:
    """The server would stream where nothing is said."""
    request = an_adapter().request(a_call({"messages": [], **body}))
    assert orjson.loads(request.content)["stream"] is told


def test_a_message_without_content_has_an_empty_one() -> None:
    calls = {"role": "assistant", "content": None, "tool_calls": []}
    result = {"role": "tool", "tool_call_id": "a", "content": "4"}
    request = an_adapter().request(a_call({"messages": [calls, {"role": "assistant"}, result]}))
    assert orjson.loads(request.content)["messages"] == [
        calls | {"content": ""},
        {"role": "assistant", "content": ""},
        result,
    ]


def test_only_chats_are_told() -> None:
    call = a_call({"input": "x", "model": "gpt-4o"}, endpoint="embeddings")
    assert "user" not in orjson.loads(an_adapter().request(call).content)


@pytest.mark.parametrize("pipeline", [{"type": "pipe"}, {"type": "manifold"}, None, "odd"])
def test_what_is_no_filter_is_a_model(pipeline: object) -> None:
    assert an_adapter().offers({"id": "a", "pipeline": pipeline})


def test_a_filter_is_no_model() -> None:
    assert not an_adapter().offers(FILTER)
    assert adapter_for(an_upstream()).offers(FILTER)


def test_the_list_says_nothing_about_the_key() -> None:
    assert an_adapter().is_list_public


def test_a_filter_is_asked_with_the_user_and_the_body() -> None:
    request = an_adapter().filter_request("detoxify", "inlet", {"messages": []}, a_caller())
    assert str(request.url) == "https://one.example/v1/detoxify/filter/inlet"
    assert orjson.loads(request.content) == {"user": USER, "body": {"messages": []}}


def test_a_filters_id_cannot_leave_its_path() -> None:
    with pytest.raises(NotSentError):
        an_adapter().filter_request("../../admin", "inlet", {}, a_caller())

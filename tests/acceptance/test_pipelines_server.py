"""A gateway before a pipelines server: its pipes, and its filters around another upstream."""

import json

import openai
import pytest

from tests.support.api import HELLO, client_of, wait_for_models
from tests.support.pipelines import Noting, stubborn
from tests.support.pipelines import pipe as pipe_of_a_pipelines_server
from tests.support.responders import json_response
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

FILTER = {"type": "filter", "pipelines": ["gpt-4o"], "priority": 0}
INLET, OUTLET = "/v1/guard/filter/inlet", "/v1/guard/filter/outlet"


async def shout(exchange):
    """A filter that puts the last message into capitals."""
    body = exchange.request.json["body"]
    body["messages"][-1]["content"] = body["messages"][-1]["content"].upper()
    await json_response(body)(exchange)


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def pipelines():
    with ScriptedUpstream(models=("pipe", "guard")) as pipelines:
        pipe, guard = pipelines.models
        pipe["pipeline"] = {"type": "pipe", "valves": False}
        guard["pipeline"] = FILTER
        pipelines.on("POST", "/v1/chat/completions", pipe_of_a_pipelines_server)
        pipelines.on("POST", INLET, shout)
        pipelines.on("POST", OUTLET, shout)
        yield pipelines


@pytest.fixture(scope="module")
def key(gateway, upstream, pipelines):
    connections = [
        {"name": "one", "base_url": upstream.url, "keys": ["sk-one"]},
        {
            "name": "pipelines",
            "provider": "pipelines",
            "base_url": pipelines.url,
            "keys": ["sk-pipelines"],
        },
    ]
    gateway.configure(connections=connections, grants=[{"models": ["*"], "everyone": True}])
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-4o", "pipe")
    return key


@pytest.fixture
def sdk(gateway, key):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as sdk:
        yield sdk


def test_a_filter_changes_the_request_and_the_answer(sdk, upstream, pipelines):
    completion = sdk.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert upstream.calls[-1].json["messages"][-1]["content"] == "HELLO"
    assert completion.choices[0].message.content == "HELLO WORLD"
    asked = [call for call in pipelines.calls if call.target == INLET][-1]
    assert asked.header("authorization") == "Bearer sk-pipelines"
    assert asked.json["user"]["role"] == "user"


async def let_pass(exchange):
    """A filter that has nothing against it."""
    await json_response(exchange.request.json["body"])(exchange)


def test_a_stream_is_filtered_on_its_way_in_and_seen_at_its_end(sdk, upstream, pipelines):
    pipelines.on("POST", OUTLET, let_pass, shout)
    with sdk.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True) as stream:
        text = "".join(part.choices[0].delta.content or "" for part in stream if part.choices)
    assert upstream.calls[-1].json["messages"][-1]["content"] == "HELLO"
    assert text == "Hello world"
    seen = [call for call in pipelines.calls if call.target == OUTLET][-1].json["body"]
    said = seen["messages"][-1]
    assert (said["role"], said["content"]) == ("assistant", "Hello world")


def test_a_stream_that_a_filter_would_change_ends_with_an_error(sdk, pipelines):
    with (
        sdk.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True) as stream,
        pytest.raises(openai.APIError, match="after parts of it were sent"),
    ):
        list(stream)


def test_a_filter_that_refuses_keeps_the_request_from_the_upstream(sdk, upstream, pipelines):
    pipelines.on("POST", INLET, json_response({"detail": "Not that."}, status=500), shout)
    before = len(upstream.calls)
    with pytest.raises(openai.BadRequestError, match="Not that") as caught:
        sdk.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert caught.value.code == "rejected_by_filter"
    assert len(upstream.calls) == before


@pytest.mark.parametrize("model", ["gpt-4o", "one/gpt-4o"])
@pytest.mark.parametrize(("path", "body"), [("/v1/completions", {"prompt": "Hi"})])
def test_no_other_endpoint_leads_around_a_filter(gateway, key, upstream, model, path, body):
    before = len(upstream.calls)
    with client_of(gateway, key) as client:
        answer = client.post(path, json={"model": model, **body})
    assert answer.status_code == 400, answer.text
    assert len(upstream.calls) == before


def test_messages_pass_the_filter_too(gateway, key, upstream):
    body = {"model": "gpt-4o", "max_tokens": 9, "messages": HELLO}
    with client_of(gateway, key) as client:
        answer = client.post("/v1/messages", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["content"][0]["text"] == "HELLO WORLD"
    assert "HELLO" in json.dumps(upstream.calls[-1].json["messages"])


CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL_LOOP = [
    *HELLO,
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "a", "content": "4"},
]


@pytest.mark.parametrize("messages", [HELLO, TOOL_LOOP], ids=["a question", "a tool's result"])
def test_a_pipe_answers_whole_and_streamed(sdk, messages):
    said = messages[-1]["content"]
    completion = sdk.chat.completions.create(model="pipe", messages=messages)
    assert completion.choices[0].message.content == said
    with sdk.chat.completions.create(model="pipe", messages=messages, stream=True) as stream:
        assert "".join(part.choices[0].delta.content or "" for part in stream) == said


def test_a_pipe_that_streams_unasked_is_put_together(sdk, pipelines):
    with pipelines.as_it_was():
        pipelines.on("POST", "/v1/chat/completions", stubborn)
        completion = sdk.chat.completions.create(model="pipe", messages=HELLO)
    assert completion.object == "chat.completion"
    assert completion.choices[0].message.content == HELLO[-1]["content"]


@pytest.mark.parametrize("metadata", [None, {"chat_id": "c1", "team": "red"}])
@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_filter_finds_again_what_it_noted(sdk, upstream, pipelines, metadata, is_streamed):
    noting = Noting()
    more = {"metadata": metadata} if metadata else {}
    with pipelines.as_it_was():
        pipelines.on("POST", INLET, noting.inlet)
        pipelines.on("POST", OUTLET, noting.outlet)
        answer = sdk.chat.completions.create(
            model="gpt-4o", messages=HELLO, stream=is_streamed, **more
        )
        if is_streamed:
            list(answer)
    assert upstream.calls[-1].json.get("metadata") == metadata
    [(chat_id, [said])] = noting.traces.items()
    assert said["content"] == "Hello world"
    assert said["usage"]["completion_tokens"] > 0
    assert noting.strangers == 0
    if metadata:
        assert chat_id == "c1"


@pytest.mark.parametrize("model", ["gpt-4o", "one/gpt-4o"])
def test_responses_pass_the_filter_too(gateway, key, upstream, model):
    with client_of(gateway, key) as client:
        answer = client.post("/v1/responses", json={"model": model, "input": "Hello"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["output"][0]["content"][0]["text"] == "HELLO WORLD"
    assert "HELLO" in json.dumps(upstream.calls[-1].json["messages"])


def test_a_pipe_is_told_who_asks(sdk, pipelines):
    sdk.chat.completions.create(model="pipe", messages=HELLO)
    assert pipelines.calls[-1].json["user"]["name"] == "alice"


def test_a_filter_is_no_model(sdk):
    with pytest.raises(openai.NotFoundError):
        sdk.chat.completions.create(model="guard", messages=HELLO)

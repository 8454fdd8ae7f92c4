"""Filters around everything that a live gateway answers."""

import json

import anthropic
import openai
import pytest

from proxy.filters.chain import FilterRejected
from tests.support.api import HELLO, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.responders import complete_chat, json_response, sse
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

CARD = "4111-1111-1111-1111"
CHAT = "/v1/chat/completions"


class OnDemand:
    """Does what the text of a request asks it to."""

    def __init__(self, endpoint):
        self.is_broken_later = False

    async def inlet(self, body, caller):
        said = json.dumps(body)
        self.is_broken_later = "break later" in said
        if "reject" in said:
            raise FilterRejected(f"Not for {caller.username}.")
        if "break now" in said:
            raise ValueError
        return body | {"model": "secret"} if "other model" in said else body

    async def stream(self, event, caller):
        if self.is_broken_later and event["choices"][0]["delta"].get("content"):
            raise ValueError
        return event


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o", "secret")) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def served(stores, tmp_path_factory, upstream):
    """The gateway's URL and a key."""
    filters = [
        "tests.acceptance.test_filters.OnDemand",
        "proxy.filters.system_prompt.SystemPromptPrefix",
        "proxy.filters.redactor.RegexRedactor",
    ]
    environment = {
        "GATEWAY_FILTERS": ",".join(filters),
        "GATEWAY_SYSTEM_PROMPT_PREFIX": "Be kind.",
        "GATEWAY_REDACTED_PATTERNS": r"\b\d{4}(?:-\d{4}){3}\b",
    }
    directory = tmp_path_factory.mktemp("filters")
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        gateway.configure(
            connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
            grants=[{"models": ["gpt-4o"], "everyone": True}],
        )
        key = gateway.api_key("alice")
        with client_of(gateway, key) as client:
            wait_for_models(client, "gpt-4o")
        yield gateway.url, key


@pytest.fixture
def sdk(served):
    url, key = served
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as sdk:
        yield sdk


def asking(text):
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}


def test_requests_and_answers_are_filtered(sdk, upstream):
    message = {"role": "assistant", "content": f"Pay with {CARD}"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    upstream.on("POST", CHAT, json_response({"choices": [choice]}), complete_chat)
    completion = sdk.chat.completions.create(**asking(f"My card is {CARD}."))
    assert completion.choices[0].message.content == "Pay with [redacted]"
    assert upstream.calls[-1].json["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "My card is [redacted]."},
    ]


def test_streams_are_filtered_across_their_chunks(sdk, upstream):
    pieces = [{"choices": [{"index": 0, "delta": {"content": part}}]} for part in f"To {CARD}!"]
    finish = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    upstream.on("POST", CHAT, sse(*pieces, finish), complete_chat)
    with sdk.chat.completions.create(**asking("Where to?"), stream=True) as stream:
        text = "".join(part.choices[0].delta.content or "" for part in stream)
    assert text == "To [redacted]!"


def test_messages_are_filtered_too(served, upstream):
    url, key = served
    with anthropic.Anthropic(base_url=url, api_key=key, max_retries=0) as sdk:
        sdk.messages.create(**asking(CARD), max_tokens=9)
        with pytest.raises(anthropic.BadRequestError, match="whole"):
            sdk.messages.create(**asking("Hello"), max_tokens=9, stream=True)
    first, second = upstream.calls[-1].json["messages"]
    assert (first["content"], second["content"]) == ("Be kind.", "[redacted]")


def test_stored_responses_are_filtered_each_time(sdk, upstream):
    kept = {"id": "resp_1", "object": "response", "instructions": CARD, "output": []}
    upstream.on("POST", "/v1/responses", json_response(kept))
    upstream.on("GET", "/v1/responses/resp_1", json_response(kept))
    assert sdk.responses.create(model="gpt-4o", input="Hello").instructions == "[redacted]"
    assert sdk.responses.retrieve("resp_1").instructions == "[redacted]"


def test_a_rejected_request_reaches_no_upstream(sdk, upstream):
    before = len(upstream.calls)
    with pytest.raises(openai.BadRequestError, match="Not for alice") as caught:
        sdk.chat.completions.create(**asking("Please reject this."))
    assert caught.value.code == "rejected_by_filter"
    assert len(upstream.calls) == before


@pytest.mark.parametrize("stream", [False, True])
def test_a_filter_that_breaks_blocks(sdk, upstream, stream):
    before = len(upstream.calls)
    with pytest.raises(openai.InternalServerError) as caught:
        sdk.chat.completions.create(**asking("break now"), stream=stream)
    assert caught.value.code == "filter_failed"
    assert len(upstream.calls) == before


def test_a_filter_that_breaks_in_mid_stream_ends_it_with_an_error(sdk):
    seen = []
    with (
        pytest.raises(openai.APIError, match="filter of the gateway failed"),
        sdk.chat.completions.create(**asking("break later"), stream=True) as stream,
    ):
        seen.extend(part.choices[0].delta.content for part in stream)
    assert not any(seen)


def test_the_model_that_a_filter_chooses_must_be_granted(sdk, upstream):
    before = len(upstream.calls)
    with pytest.raises(openai.NotFoundError):
        sdk.chat.completions.create(**asking("Take the other model."))
    assert len(upstream.calls) == before


def test_without_a_match_nothing_changes(sdk):
    completion = sdk.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert completion.choices[0].message.content == "Hello world"

"""Every surface before every kind of upstream, with the SDK of the surface."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace

import anthropic
import openai
import pytest

from tests.acceptance.matrix.cells import (
    NOT_KNOWN_TO_REASON,
    UPSTREAMS,
    Outcome,
    outcome_of,
    pairs,
)
from tests.acceptance.matrix.clients import ChatClient, ResponsesClient
from tests.acceptance.matrix.kinds import KINDS
from tests.acceptance.matrix.messages_client import MessagesClient
from tests.acceptance.matrix.scenario import (
    DOCUMENT,
    IMAGE,
    IMAGE_URL,
    QUESTION,
    SCHEMA,
    TOOL,
    Call,
    Said,
)
from tests.acceptance.matrix.upstreams import Upstream
from tests.support.api import client_of, wait_for_models
from tests.support.stores import on_one_backing

pytestmark = [pytest.mark.acceptance, on_one_backing]

PARIS, ROME = Call(id="call_paris_1", city="Paris"), Call(id="call_rome_2", city="Rome")
HELLO = Said(text="Hello, world: ä€😀")
STOPS = {"chats": "stop", "responses": "completed", "messages": "end_turn"}
CALLED = {"chats": "tool_calls", "responses": "completed", "messages": "tool_use"}
# In the words of Ollama's translation, and of the upstreams here that read no such parts.
REFUSALS = {Outcome.REFUSED: "Ollama", Outcome.REFUSED_THERE: "unknown variant"}
every_pair = pytest.mark.parametrize(("surface", "upstream"), list(pairs()), indirect=["upstream"])
both_ways = pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def upstreams():
    with ExitStack() as stack:
        upstreams = {name: Upstream(name) for name in UPSTREAMS}
        for each in upstreams.values():
            stack.enter_context(each.server)
        yield upstreams


@pytest.fixture(scope="module")
def sdks(gateway, upstreams):
    connections = [each.connection | {"name": name} for name, each in upstreams.items()]
    grants = [{"models": ["*"], "everyone": True}]
    key = gateway.configured_for("alice", connections=connections, grants=grants)
    with client_of(gateway, key) as client:
        wait_for_models(client, *(kind.model for kind in KINDS.values()))
    shared = {"api_key": key, "max_retries": 0, "_strict_response_validation": True}
    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", **shared) as openais,
        anthropic.Anthropic(base_url=gateway.url, **shared) as anthropics,
    ):
        yield {"chats": openais, "responses": openais, "messages": anthropics}


@pytest.fixture
def upstream(upstreams, request):
    upstreams[request.param].name = request.param
    return upstreams[request.param]


@pytest.fixture
def client(sdks, surface, upstream):
    kinds = {"chats": ChatClient, "responses": ResponsesClient, "messages": MessagesClient}
    return kinds[surface](sdks[surface], upstream.kind.model)


@every_pair
@both_ways
def test_text(client, surface, upstream, is_streamed):
    upstream.will_say(HELLO, Said(text="Fine."))
    client.say("Hello. ")
    answer = client.ask(is_streamed=is_streamed)
    assert (answer.text, answer.stop) == (HELLO.text, STOPS[surface])
    client.say("How are you?")
    assert client.ask(is_streamed=is_streamed).text == "Fine."
    assert upstream.seen.text == f"Be kind. Hello. {HELLO.text}How are you?"


@every_pair
@both_ways
@pytest.mark.parametrize("calls", [(PARIS,), (PARIS, ROME)], ids=["tools", "parallel"])
def test_tools(client, surface, upstream, is_streamed, calls):
    upstream.will_say(Said(text="Let me see.", calls=calls), Said(text="A coat.", turn=1))
    client.say(QUESTION)
    asked = client.ask(is_streamed=is_streamed, tools=True)
    assert upstream.seen.tools[TOOL]["required"] == ["city"]
    assert [call.city for call in asked.calls] == [call.city for call in calls]
    assert (asked.text, asked.stop) == ("Let me see.", CALLED[surface])
    client.give({call.id: f"Rain in {call.city}." for call in asked.calls})
    assert client.ask(is_streamed=is_streamed, tools=True).text == "A coat."
    told = [(TOOL, call.arguments) for call in calls]
    assert list(upstream.seen.calls.values()) == told
    assert list(upstream.seen.calls) == list(upstream.seen.results)
    assert list(upstream.seen.results.values()) == [f"Rain in {call.city}." for call in calls]


@every_pair
@both_ways
def test_reasoning(client, surface, upstream, is_streamed):
    first = Said(thought="Where? Paris.", text="Let me see.", calls=(PARIS,))
    upstream.will_say(
        first, replace(first, thought="Rome, too.", calls=(ROME,), turn=1),
        Said(thought="Rain. ", text="A coat.", turn=2)
    )  # fmt: skip
    client.say(QUESTION)
    thoughts = []
    for _ in range(2):
        answer = client.ask(is_streamed=is_streamed, tools=True, effort=True)
        client.give({call.id: "Rain" for call in answer.calls})
        thoughts.append(answer.thought)
        is_left_out = surface == "messages" and upstream.name in NOT_KNOWN_TO_REASON
        assert bool(upstream.seen.effort) is not is_left_out
    answer = client.ask(is_streamed=is_streamed, tools=True, effort=True)
    assert answer.text == "A coat."
    if upstream.name != "gemini":
        assert [*thoughts, answer.thought] == ["Where? Paris.", "Rome, too.", "Rain. "]


@every_pair
@pytest.mark.parametrize(
    ("capability", "sent"),
    [
        ("images", {"image": IMAGE}),
        ("image_urls", {"image": IMAGE_URL}),
        ("documents", {"document": DOCUMENT}),
    ],
)
def test_files(client, surface, upstream, capability, sent):
    upstream.will_say(HELLO)
    client.say(QUESTION, **sent)
    outcome = outcome_of(capability, upstream.name)
    if outcome == Outcome.SERVED:
        assert client.ask(is_streamed=False).text == HELLO.text
        found = [*upstream.seen.images, *upstream.seen.documents]
        assert found == [*sent.values()]
        return
    with pytest.raises((openai.BadRequestError, anthropic.BadRequestError)) as caught:
        client.ask(is_streamed=False)
    assert REFUSALS[outcome] in str(caught.value)
    if outcome == Outcome.REFUSED and surface != "messages":  # whose errors have no such field
        assert caught.value.param


@every_pair
@both_ways
def test_structured_output(client, upstream, surface, is_streamed):
    upstream.will_say(Said(text='{"city": "Paris"}'))
    client.say(QUESTION)
    answer = client.ask(is_streamed=is_streamed, schema=True)
    assert json.loads(answer.text) == {"city": "Paris"}
    assert upstream.seen.schema == SCHEMA


@every_pair
@both_ways
def test_usage(client, upstream, surface, is_streamed):
    upstream.will_say(HELLO)
    client.say(QUESTION)
    assert client.ask(is_streamed=is_streamed).usage == upstream.kind.usage


@every_pair
@both_ways
def test_errors(client, surface, upstream, is_streamed):
    upstream.will_fail()
    client.say(QUESTION)
    with pytest.raises((openai.APIStatusError, anthropic.APIStatusError)) as caught:
        client.ask(is_streamed=is_streamed)
    failure = upstream.kind.expected_failure
    if surface == "messages":
        told = (caught.value.status_code, caught.value.body["error"]["type"])
        assert told == failure.anthropic
        assert (failure.anthropic_words or failure.words) in str(caught.value)
    else:
        told = (caught.value.status_code, caught.value.type, caught.value.code)
        assert told == failure.openai
        assert failure.words in str(caught.value)


@every_pair
def test_a_stream_that_breaks_off(client, surface, upstream):
    upstream.will_say(HELLO, is_cut=True)
    client.say(QUESTION)
    with pytest.raises((openai.APIError, anthropic.APIError), match="before it was complete"):
        client.ask(is_streamed=True)

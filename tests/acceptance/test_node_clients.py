"""Clients for Node.js: openai-node, and Vercel's AI SDK, which asks for responses by default."""

from contextlib import ExitStack

import pytest

from tests.support.client_packages import node_project
from tests.support.programs import conversation
from tests.support.stores import on_one_backing
from tests.support.tool_users import CLAUDE, MODELS, PLAIN, THOUGHT, key_for, tool_users

pytestmark = [pytest.mark.acceptance, on_one_backing]

APIS = ("responses", "messages", "chat")
CALLS = {"weather": {"city": "Paris"}}
# Nothing is kept at the server's, so that the history says it all.
STATELESS = {"openai": {"store": False}}
THINKING = {
    "openai": {
        "store": False,
        "reasoningEffort": "low",
        "reasoningSummary": "auto",
        "forceReasoning": True,
    },
    "anthropic": {"thinking": {"type": "enabled", "budgetTokens": 1024}},
    "gateway": {"reasoningEffort": "low"},
}
each_api = pytest.mark.parametrize("api", APIS)
each_model = pytest.mark.parametrize("model", MODELS)
whole_and_streamed = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def clients(gateway, tmp_path_factory):
    """Programs with the SDKs; ``clients["ai_sdk"].ask(…)`` is a conversation of one."""
    project = node_project("node", tmp_path_factory.mktemp("node"))
    with ExitStack() as stack:
        upstreams = stack.enter_context(tool_users(CALLS))
        access = {"GATEWAY_URL": gateway.url, "GATEWAY_KEY": key_for(gateway, upstreams)}
        yield {
            name: stack.enter_context(conversation(["node", f"{name}.mjs"], project, **access))
            for name in ("ai_sdk", "openai_node")
        }


@pytest.fixture
def sdk(clients):
    """Vercel's."""
    return clients["ai_sdk"]


@pytest.fixture
def node(clients):
    """openai-node."""
    return clients["openai_node"]


def converse(client, *prompts, tools=False, **asked):
    seen = client.ask(prompts=prompts, tools=tools, **asked)
    assert isinstance(seen, list), seen
    return seen


@each_api
@each_model
@whole_and_streamed
def test_a_text(sdk, api, model, streamed):
    [seen] = converse(sdk, "Hello", api=api, model=model, streamed=streamed, options=STATELESS)
    assert (seen["text"], seen["finishReason"]) == ("Hello world", "stop")
    assert seen["inputTokens"] == 50
    assert seen["pieces"] is None or seen["pieces"] > 1


@each_api
@each_model
@whole_and_streamed
def test_a_call_of_a_tool_in_a_conversation_that_goes_on(sdk, api, model, streamed):
    asked = {"api": api, "model": model, "streamed": streamed, "tools": True}
    first, second = converse(sdk, "Weather?", "And now?", **asked, options=THINKING)
    for seen in (first, second):
        assert seen["calls"] == [CALLS["weather"]]
        assert (seen["text"], seen["finishReason"]) == ("It said: Rain in Paris.", "stop")
        assert seen["thoughts"] == thoughts_of(api, model)


def thoughts_of(api, model):
    """The thoughts before the call and before the text.

    The upstreams that reason would refuse to go on if theirs did not come back. The SDK's chats
    carry no signature, so there Claude goes on without thinking.
    """
    if model == PLAIN:
        return ["", ""]
    return [THOUGHT, ""] if (api, model) == ("chat", CLAUDE) else [THOUGHT, THOUGHT]


@each_model
@whole_and_streamed
def test_responses_that_are_kept_as_the_sdk_does_by_default(sdk, model, streamed):
    asked = {"api": "responses", "model": model, "streamed": streamed, "tools": True}
    seen = converse(sdk, "Weather?", "And now?", **asked, options={})
    assert [turn["text"] for turn in seen] == ["It said: Rain in Paris."] * 2


@each_api
@whole_and_streamed
def test_a_model_that_is_not_there(sdk, api, streamed):
    seen = sdk.ask(api=api, model="gpt-unknown", prompts=["Hello"], streamed=streamed)
    assert seen["status"] == 404
    assert "gpt-unknown" in seen["error"]


@pytest.mark.parametrize(
    ("api", "streamed"), [("responses", False), ("responses", True), ("chat", False)]
)
@each_model
def test_openai_node_calls_a_tool_in_a_conversation_that_goes_on(node, api, model, streamed):
    asked = {"api": api, "model": model, "streamed": streamed, "tools": True, "effort": "low"}
    for seen in converse(node, "Weather?", "And now?", **asked):
        assert (seen["text"], seen["calls"]) == ("It said: Rain in Paris.", [CALLS["weather"]])
        assert seen["thoughts"] == (0 if model == PLAIN else 2)


@pytest.mark.parametrize("model", [PLAIN, CLAUDE])
def test_openai_nodes_own_loop_goes_on_without_the_thoughts_it_drops(node, model):
    asked = {"api": "runner", "model": model, "effort": "low"}
    for seen in converse(node, "Weather?", "And now?", **asked):
        assert (seen["text"], seen["calls"]) == ("It said: Rain in Paris.", [CALLS["weather"]])
        assert seen["thoughts"] == (0 if model == PLAIN else 1)


@pytest.mark.parametrize("api", ["responses", "chat", "runner"])
def test_a_model_that_is_not_there_for_openai_node(node, api):
    seen = node.ask(api=api, model="gpt-unknown", prompts=["Hello"], streamed=True)
    assert seen["status"] == 404
    assert "gpt-unknown" in seen["error"]

"""openai-agents, which asks for responses by default."""

import shutil

import pytest

from tests.support.client_packages import python_with_clients
from tests.support.environment import ROOT
from tests.support.programs import conversation
from tests.support.stores import on_one_backing
from tests.support.tool_users import CLAUDE, MODELS, PLAIN, key_for, tool_users

pytestmark = [pytest.mark.acceptance, pytest.mark.big_client, on_one_backing]

CALLS = {"weather": {"city": "Paris"}}
PROGRAM = ROOT / "tests" / "acceptance" / "python" / "openai_agents.py"
each_api = pytest.mark.parametrize("api", ["responses", "chat"])
each_model = pytest.mark.parametrize("model", MODELS)
whole_and_streamed = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def agents(gateway, tmp_path_factory):
    """A program with the package; ``agents.ask(…)`` is a conversation of an agent."""
    python = python_with_clients()
    directory = tmp_path_factory.mktemp("agents")
    shutil.copy(PROGRAM, directory)
    with tool_users(CALLS) as upstreams:
        access = {"GATEWAY_URL": gateway.url, "GATEWAY_KEY": key_for(gateway, upstreams)}
        with conversation([python, PROGRAM.name], directory, **access) as agents:
            yield agents


def converse(agents, *prompts, **asked):
    seen = agents.ask(prompts=prompts, **asked)
    assert isinstance(seen, list), seen
    return seen


@each_api
@each_model
@whole_and_streamed
def test_a_text(agents, api, model, streamed):
    [seen] = converse(agents, "Hello", api=api, model=model, streamed=streamed)
    assert (seen["text"], seen["inputTokens"]) == ("Hello world", 50)
    assert seen["items"][-1] == "message_output_item"
    assert seen["events"] is None or seen["events"] > 4


@each_api
@each_model
@whole_and_streamed
def test_a_call_of_a_tool_in_a_conversation_that_goes_on(agents, api, model, streamed):
    """The upstreams that reason would refuse to go on if their thoughts did not come back."""
    asked = {"api": api, "model": model, "streamed": streamed, "effort": "low", "tools": True}
    for seen in converse(agents, "Weather?", "And now?", **asked):
        assert seen["text"] == "It said: Rain in Paris."
        called = [item for item in seen["items"] if item.startswith("tool_call")]
        assert called == ["tool_call_item", "tool_call_output_item"]
        thoughts = seen["items"].count("reasoning_item")
        assert thoughts == (0 if model == PLAIN else 1 if (api, model) == ("chat", CLAUDE) else 2)


@each_model
@whole_and_streamed
def test_turns_that_refer_to_the_last_response(agents, model, streamed):
    asked = {"api": "responses", "model": model, "streamed": streamed, "chained": True}
    seen = converse(agents, "Weather?", "And now?", **asked, tools=True)
    assert [turn["text"] for turn in seen] == ["It said: Rain in Paris."] * 2


@each_api
@whole_and_streamed
def test_a_model_that_is_not_there(agents, api, streamed):
    seen = agents.ask(api=api, model="gpt-unknown", prompts=["Hello"], streamed=streamed)
    assert seen["status"] == 404
    assert "gpt-unknown" in seen["error"]

"""LangChain's models of OpenAI, over chats and responses, and of Anthropic."""

import shutil

import pytest

from tests.support.client_packages import python_with_clients
from tests.support.environment import ROOT
from tests.support.programs import conversation
from tests.support.stores import on_one_backing
from tests.support.tool_users import (
    MODELS,
    PLAIN,
    REASONER,
    RESPONDER,
    key_for,
    tool_users,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.big_client, on_one_backing]

PLACE = {"city": "Paris"}
CALLS = {"weather": PLACE, "Place": PLACE}
PROGRAM = ROOT / "tests" / "acceptance" / "python" / "langchain_clients.py"
APIS = ("chat", "responses", "messages")
EVERY_MODEL = (*MODELS, RESPONDER)
# LangChain's chats drop the thoughts, without which this upstream does not go on.
TOOL_USERS = [(api, m) for api in APIS for m in EVERY_MODEL if (api, m) != ("chat", REASONER)]
each_api = pytest.mark.parametrize("api", APIS)
each_model = pytest.mark.parametrize("model", EVERY_MODEL)
whole_and_streamed = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def langchain(gateway, tmp_path_factory):
    """A program with the packages; ``langchain.ask(…)`` is a conversation."""
    python = python_with_clients()
    directory = tmp_path_factory.mktemp("langchain")
    shutil.copy(PROGRAM, directory)
    with tool_users(CALLS) as upstreams:
        access = {"GATEWAY_URL": gateway.url, "GATEWAY_KEY": key_for(gateway, upstreams)}
        with conversation([python, PROGRAM.name], directory, **access) as langchain:
            yield langchain


def converse(langchain, *prompts, **asked):
    seen = langchain.ask(prompts=prompts, **asked)
    assert isinstance(seen, list), seen
    return seen


@each_api
@each_model
@whole_and_streamed
def test_a_text(langchain, api, model, streamed):
    [seen] = converse(langchain, "Hello", api=api, model=model, streamed=streamed)
    assert (seen["text"], seen["inputTokens"]) == ("Hello world", 50)
    assert seen["pieces"] is None or seen["pieces"] > 1


@pytest.mark.parametrize(("api", "model"), TOOL_USERS)
@whole_and_streamed
def test_a_call_of_a_tool_in_a_conversation_that_goes_on(langchain, api, model, streamed):
    """The upstreams that reason would refuse to go on if their thoughts did not come back."""
    asked = {"api": api, "model": model, "streamed": streamed, "effort": "low", "tools": True}
    for seen in converse(langchain, "Weather?", "And now?", **asked):
        assert (seen["text"], seen["calls"]) == ("It said: Rain in Paris.", [PLACE])
        assert seen["inputTokens"] == 2 * 50
        assert seen["thoughts"] == (0 if model == PLAIN or api == "chat" else 2)


@each_api
@each_model
@pytest.mark.parametrize("form", ["json_schema", "function_calling"])
def test_an_answer_in_the_form_that_was_asked_for(langchain, api, model, form):
    [seen] = converse(langchain, "Where?", api=api, model=model, form=form)
    assert seen == PLACE


@each_api
@whole_and_streamed
def test_a_model_that_is_not_there(langchain, api, streamed):
    seen = langchain.ask(api=api, model="gpt-unknown", prompts=["Hello"], streamed=streamed)
    assert seen["status"] == 404
    assert "gpt-unknown" in seen["error"]

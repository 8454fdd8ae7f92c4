"""How much a model of Anthropic may think."""

import pytest

from wire_formats.messages.thinking import thinking_for

REQUEST = {"max_tokens": 4096}


def budget(tokens):
    return {"type": "enabled", "budget_tokens": tokens}


@pytest.mark.parametrize(
    ("effort", "tokens"), [("low", 1024), ("medium", 4096), ("high", 16384), ("xhigh", 32768)]
)
def test_an_effort_is_a_budget_beside_the_answer(effort, tokens):
    told = thinking_for({"reasoning_effort": effort}, REQUEST)
    assert told == (4096 + tokens, budget(tokens))


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_of_the_client_holds(name):
    body = {"reasoning_effort": "high", name: 2000}
    told = thinking_for(body, {"max_tokens": 2000})
    assert told == (2000, budget(1999))


@pytest.mark.parametrize(("limit", "thinks"), [(1024, False), (1025, True)])
def test_below_the_smallest_budget_there_is_none(limit, thinks):
    body = {"reasoning_effort": "low", "max_tokens": limit}
    assert bool(thinking_for(body, {"max_tokens": limit})) == thinks


@pytest.mark.parametrize("effort", [None, "none", "minimal", 7, {}])
def test_what_is_no_effort_gives_no_thoughts(effort):
    assert thinking_for({"reasoning_effort": effort}, REQUEST) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"tool_choice": {"type": "any"}},
        {"tool_choice": {"type": "tool", "name": "f"}},
    ],
)
def test_a_request_that_must_call_a_tool_is_left_alone(fields):
    assert thinking_for({"reasoning_effort": "low"}, REQUEST | fields) is None


def test_a_tool_that_may_be_called_does_not_hinder():
    request = REQUEST | {"tool_choice": {"type": "auto"}}
    assert thinking_for({"reasoning_effort": "low"}, request)


@pytest.mark.parametrize(("last", "thinks"), [("tool", False), ("user", True)])
def test_a_model_does_not_think_in_the_midst_of_a_call(last, thinks):
    messages = [{"role": "user"}, {"role": "assistant"}, {"role": last}]
    body = {"reasoning_effort": "low", "messages": messages}
    assert bool(thinking_for(body, REQUEST)) == thinks


def test_thoughts_of_the_client_are_left_alone():
    body = {"reasoning_effort": "low", "thinking": {"type": "disabled"}}
    assert thinking_for(body, REQUEST) is None

"""How hard a model is to think, in the words of its chats."""

import pytest

from wire_formats.families import family_of
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits, traits_of
from wire_formats.messages.request_to_chat.effort import add_reasoning_request, hides_thoughts

EFFORT = "output_config.effort"


def effort(level):
    return {"output_config": {"effort": level}}


def asked(body, traits):
    chat = {}
    lost = add_reasoning_request(chat, body, traits)
    return chat, lost


def thinking(kind, budget=None):
    return {"thinking": {"type": kind} | ({"budget_tokens": budget} if budget else {})}


@pytest.mark.parametrize(
    ("model", "body", "expected", "lost"),
    [
        ("gpt-5.2", effort("low"), "low", []),
        ("gpt-5.2", effort("max"), "xhigh", [EFFORT]),
        ("o3", effort("xhigh"), "high", [EFFORT]),
        ("openai/gpt-5", thinking("enabled", 1024), "low", []),
        ("gpt-5", thinking("enabled", 4096), "medium", []),
        ("gpt-5", thinking("enabled", 31_999), "high", []),
        ("gpt-5", thinking("adaptive"), "high", []),
        ("gpt-5", thinking("adaptive") | effort("low"), "low", []),
        ("gpt-5", thinking("disabled"), "minimal", []),
        ("gpt-5.1", thinking("disabled"), "none", []),
        ("o3", thinking("disabled"), None, ["thinking"]),
        ("gpt-4o", thinking("disabled"), None, []),
        ("gpt-4o", thinking("adaptive"), None, ["thinking"]),
        ("gpt-4o", effort("high"), None, [EFFORT]),
        ("kimi-k3", effort("medium"), "high", [EFFORT]),
        ("gemini-3-pro", effort("medium"), "medium", []),
        ("gpt-5", {}, None, []),
        ("gpt-5", {"thinking": 7, "output_config": {"effort": "some"}}, None, []),
    ],
)
def test_effort(model, body, expected, lost):
    chat, names = asked(body, traits_of(family_of(model)))
    assert (chat.get("reasoning_effort"), names) == (expected, lost)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("adaptive", "enabled"), ("enabled", "enabled"), ("disabled", "disabled")],
)
def test_deepseek_has_a_switch_as_well(kind, expected):
    chat, _ = asked(thinking(kind), traits_of(family_of("deepseek-v4-pro")))
    assert chat["thinking"] == {"type": expected}


def test_openrouter_asks_each_provider_in_its_own_way():
    for model in ("deepseek/deepseek-v4", "meta/llama-4"):
        chat, lost = asked(thinking("adaptive"), openrouter_traits(family_of(model)))
        assert (chat, lost) == ({"reasoning_effort": "high"}, [])


@pytest.mark.parametrize(
    ("is_reasoning", "expected"),
    [(True, {"reasoning_effort": "low"}), (False, {}), (None, {})],
)
def test_an_admins_word_counts_more_than_the_name(is_reasoning, expected):
    traits = traits_of(family_of("our-deployment")).as_admin_says(is_reasoning=is_reasoning)
    assert asked(effort("low"), traits)[0] == expected
    assert traits.is_sampled is not bool(is_reasoning)


@pytest.mark.parametrize(
    ("thinking_field", "expected"),
    [
        ({"type": "adaptive", "display": "omitted"}, True),
        ({"type": "adaptive"}, False),
        (None, False),
    ],
)
def test_a_client_may_want_no_thoughts(thinking_field, expected):
    assert hides_thoughts({"thinking": thinking_field}) is expected

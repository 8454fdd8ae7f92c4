"""How an upstream's chats take what only the Messages API has a place for."""

from __future__ import annotations

import pytest

from wire_formats.families import family_of
from wire_formats.family import EarlierReasoning
from wire_formats.messages.request_to_chat.chat_traits import PLAIN, openrouter_traits, traits_of


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("gpt-5.2", EarlierReasoning.NONE),
        ("openai/o3", EarlierReasoning.NONE),
        ("deepseek-v4", EarlierReasoning.CONTENT),
        ("kimi-k2.6", EarlierReasoning.CONTENT),
        ("qwen3-coder", EarlierReasoning.CONTENT),
        ("glm-5", EarlierReasoning.CONTENT),
        ("magistral-small", EarlierReasoning.PARTS),
        ("gemini-3-pro", EarlierReasoning.NONE),
        ("anthropic/claude-opus-4.5", EarlierReasoning.ALL),
        ("gpt-oss-120b", EarlierReasoning.AS_TOLD),
        ("llama-4", EarlierReasoning.AS_TOLD),
    ],
)
def test_where_earlier_reasoning_goes(model, field):
    assert traits_of(family_of(model)).reasoning is field


@pytest.mark.parametrize(
    ("model", "efforts", "off"),
    [
        ("gpt-oss-120b", ("low", "medium", "high"), ""),
        ("gpt-5.2", ("low", "medium", "high", "xhigh"), "none"),
        ("gpt-5", ("low", "medium", "high"), "minimal"),
        ("gpt-4o", (), ""),
        ("llama-4", (), ""),
    ],
)
def test_efforts_are_those_of_the_family(model, efforts, off):
    traits = traits_of(family_of(model))
    assert (traits.efforts, traits.off) == (efforts, off)


def test_an_effort_is_the_least_that_is_no_less():
    traits = traits_of(family_of("kimi-k3"))
    assert [traits.effort(level) for level in ("low", "medium", "xhigh", "max")] == [
        "low",
        "high",
        "max",
        "max",
    ]


def test_openrouter_writes_each_providers_form_itself():
    traits = openrouter_traits(family_of("google/gemini-3-pro"))
    assert (traits.reasoning, traits.needs_signatures) == (EarlierReasoning.ALL, False)
    assert traits.keeps_cache_marks
    assert not openrouter_traits(family_of("openai/gpt-5.2")).keeps_cache_marks


@pytest.mark.parametrize("is_reasoning", [True, False])
def test_an_admins_word_replaces_the_names(is_reasoning):
    traits = PLAIN.as_admin_says(is_reasoning=is_reasoning)
    assert (bool(traits.efforts), traits.is_sampled) == (is_reasoning, not is_reasoning)
    assert PLAIN.as_admin_says(is_reasoning=None) is PLAIN

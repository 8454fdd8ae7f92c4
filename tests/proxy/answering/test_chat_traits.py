"""How a target's chats take what the Messages API says."""

import pytest

from models_registry.registration import Registration
from proxy.answering.chat_traits import traits_for
from tests.support.builders import an_upstream, the_targets
from wire_formats.family import EarlierReasoning


def traits(model="gpt-4o", *, is_reasoning=None, **upstream):
    registered = {model: Registration(is_reasoning=is_reasoning)}
    [target] = the_targets(an_upstream(**upstream), model, **registered)
    return traits_for(target)


def test_openrouter_translates_for_every_provider():
    found = traits("deepseek/deepseek-v4", provider="openrouter")
    assert (found.reasoning, found.needs_reasoning) == (EarlierReasoning.ALL, False)
    assert found.takes_file_urls


@pytest.mark.parametrize(("provider", "api_type"), [("openai", "responses"), ("ollama", "native")])
def test_a_second_translation_reads_every_field(provider, api_type):
    found = traits("deepseek-r1", provider=provider, api_type=api_type)
    assert (found.reasoning, found.has_thinking_switch) == (EarlierReasoning.ALL, False)
    assert found.takes_top_k is (api_type == "native")


@pytest.mark.parametrize(("provider", "expected"), [("azure", True), ("compatible", False)])
def test_openai_limits_the_ids_of_calls(provider, expected):
    assert traits("our-deployment", provider=provider).has_limited_call_ids is expected


@pytest.mark.parametrize("provider", ["openai", "azure"])
def test_a_model_that_chats_at_responses_gets_its_thoughts_back(provider):
    assert traits("gpt-5.4", provider=provider).reasoning == EarlierReasoning.ALL
    assert traits("gpt-5.2", provider=provider).reasoning == EarlierReasoning.NONE
    assert traits("gpt-5.4", provider="compatible").reasoning == EarlierReasoning.NONE


@pytest.mark.parametrize(("is_reasoning", "efforts"), [(True, 3), (False, 0), (None, 0)])
def test_an_admins_word_on_the_family(is_reasoning, efforts):
    assert len(traits("our-deployment", is_reasoning=is_reasoning).efforts) == efforts

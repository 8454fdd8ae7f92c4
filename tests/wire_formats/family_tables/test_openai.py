from __future__ import annotations

import pytest

from wire_formats.families import family_of

NAMES = {
    "gpt-5": ["gpt-5", "openai/gpt-5-mini"],
    "gpt-5.4, gpt-5.5": ["gpt-5.4", "gpt-5.5-2026-04-23"],
    "gpt-5.6 and later": ["gpt-5.6-terra", "gpt-6-luna", "gpt-50"],
    "gpt-6-astra, gpt-6.1-sol": ["gpt-6.1-sol"],
    "OpenAI's models of the Responses API alone": ["o3-pro", "gpt-5.4-pro", "gpt-5.1-codex-max"],
    "gpt-5-chat-latest, …": ["gpt-5.2-chat-latest"],
    "gpt-4, gpt-3.5": ["gpt-35-turbo", "gpt-4-turbo"],
    "OpenAI's models behind another prefix": ["openrouter/openai/gpt-5", "azure.o3-mini"],
}


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name, models in NAMES.items() for model in models]
)
def test_names_of_models_lead_to_their_family(name: str, model: str) -> None:
    assert family_of(model).name == name

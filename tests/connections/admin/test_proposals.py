"""What a form makes of what was pasted."""

from __future__ import annotations

import pytest

from connections.admin.proposals import base_of, proposed_name, provider_by_url


@pytest.mark.parametrize(
    ("pasted", "base"),
    [
        ("https://a.example/v1/chat/completions", "https://a.example/v1"),
        (" https://a.example/v1/chat/completions/?x=1#y ", "https://a.example/v1"),
        ("https://a.example/v1/models", "https://a.example/v1"),
        ("https://a.example/v1/audio/speech", "https://a.example/v1"),
        ("https://a.example/v1/", "https://a.example/v1"),
        ("https://a.example/models/v1", "https://a.example/models/v1"),
        ("", ""),
    ],
)
def test_an_endpoint_that_was_pasted_along_is_cut(pasted: str, base: str) -> None:
    assert base_of(pasted) == base


@pytest.mark.parametrize(
    ("url", "provider", "name"),
    [
        ("https://api.openai.com/v1", "openai", "openai-2"),
        ("http://gpu-7:8000/v1", "compatible", "gpu-7-8000"),
        ("http://localhost:11434", "ollama", "ollama"),
    ],
)
def test_a_name_comes_from_the_provider_or_the_host(url: str, provider: str, name: str) -> None:
    assert proposed_name(url, provider, {"openai"}) == name


def test_a_host_tells_its_provider() -> None:
    assert provider_by_url("https://openrouter.ai/api/v1") == "openrouter"
    assert provider_by_url("https://mine.openai.azure.com/openai/v1") == "azure"
    assert provider_by_url("https://a.example/v1") == "compatible"

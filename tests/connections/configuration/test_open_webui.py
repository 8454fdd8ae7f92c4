import pytest

from connections.configuration.open_webui import config_of, provider_of, unknown_fields
from connections.configuration.spec import ConnectionSpec

AZURE = "https://me.openai.azure.com"
LOCAL = "http://127.0.0.1:9099"
CASES = [
    (LOCAL, None, "compatible"),
    ("https://api.openai.com/v1", {}, "openai"),
    ("https://api.anthropic.com/v1", {}, "anthropic"),
    ("https://openrouter.ai/api/v1", {"azure": False}, "openrouter"),
    (AZURE, {}, "azure"),
    (AZURE, {"azure": False}, "compatible"),
    (LOCAL, {"azure": True}, "azure"),
    (LOCAL, {"provider": "pipelines"}, "pipelines"),
    (LOCAL, {"provider": "ollama", "azure": False}, "ollama"),
    (LOCAL, {"provider": "compatible", "azure": True}, "azure"),
    (LOCAL, {"provider": "azure"}, "azure"),
    (LOCAL, {"provider": "azure", "azure": False}, "compatible"),
    (LOCAL, {"provider": "llama.cpp"}, "compatible"),
    (LOCAL, {"provider": ["ollama"]}, "compatible"),
]


@pytest.mark.parametrize(("url", "config", "expected"), CASES)
def test_the_provider_is_what_is_said_or_what_the_host_says(url, config, expected):
    assert provider_of(url, config) == expected


@pytest.mark.parametrize("provider", ["openai", "azure", "ollama", "pipelines", "compatible"])
def test_a_provider_survives_the_way_there_and_back(provider):
    config = config_of(ConnectionSpec(name="one", base_url=LOCAL, provider=provider))
    assert unknown_fields(config) == []
    assert provider_of(LOCAL, config) == provider

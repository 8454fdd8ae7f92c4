"""Hosts and scopes that tokens of the gateway's identity are for."""

import pytest

from connections.rules.gateway_identity import (
    is_identity_scope,
    may_receive_identity,
    pattern_problems,
)

AZURE = [
    "https://res.openai.azure.com",
    "https://res.openai.azure.com/openai/v1",
    "https://res.openai.azure.com:443/openai",
    "https://res.openai.azure.com/openai/models?api-version=2024-10-21",
    "HTTPS://RES.OpenAI.Azure.COM/openai",
    "https://res.cognitiveservices.azure.com",
    "https://res.services.ai.azure.com/models",
    "https://name.region.models.ai.azure.com",
    "https://res.openai.azure.us",
    "https://res.cognitiveservices.azure.cn",
]
FOREIGN = [
    "https://evil.example",
    "http://res.openai.azure.com",
    "https://res.openai.azure.com:8443",
    "https://res.openai.azure.com.evil.example",
    "https://res.openai.azure.com.",
    "https://openai.azure.com",
    "https://.openai.azure.com",
    "https://a..openai.azure.com",
    "https://evilopenai.azure.com",
    "https://res-openai.azure.com",
    "https://evil.example/res.openai.azure.com",
    "https://evil.example/.openai.azure.com",
    "https://evil.example?.openai.azure.com",
    "https://evil.example#.openai.azure.com",
    "https://evil.example\\.openai.azure.com",
    "https://evil.example%2f.openai.azure.com",
    "https://evil.example%00.openai.azure.com",
    "https://evil.example\n.openai.azure.com",
    "https://evil.example/\n.openai.azure.com",
    "https://res.openai.azure.com@evil.example",
    "https://res.openai.azure.com:443@evil.example",
    "https://user@res.openai.azure.com",
    "https://res.openai.azure.com\\@evil.example",
    "https://res.openai.azure。com",
    "https://rés.openai.azure.com",
    "https://[::1].openai.azure.com",
    "https://res.openai.azure.com:",
    "https://res.openai.azure.com:x",
    "//res.openai.azure.com",
    "res.openai.azure.com",
    "ftp://res.openai.azure.com",
    "https:res.openai.azure.com",
    "https:///res.openai.azure.com",
    " https://res.openai.azure.com",
    "https://name.azure-api.net",
    "https://name.region.inference.ml.azure.com",
    "https://name.azurewebsites.net",
    "https://management.azure.com",
    "https://127.0.0.1",
    "http://127.0.0.1",
    "",
]


@pytest.mark.parametrize("url", AZURE)
def test_azures_hosts_for_ai_may_have_a_token(url):
    assert may_receive_identity(url)


@pytest.mark.parametrize("url", FOREIGN)
def test_all_others_may_not(url):
    assert not may_receive_identity(url)


@pytest.mark.parametrize(
    ("pattern", "allowed", "refused"),
    [
        (
            "api.example",
            ["https://api.example/v1"],
            ["https://x.api.example", "http://api.example"],
        ),
        ("*.api.example", ["https://a.b.api.example"], ["https://api.example"]),
        ("api.example:8443", ["https://api.example:8443"], ["https://api.example"]),
        ("https://API.example:*", ["https://api.example:1", "https://api.example"], []),
        (
            "http://127.0.0.1:*",
            ["http://127.0.0.1:8000"],
            ["https://127.0.0.1:8000", "http://127.1"],
        ),
        ("http://localhost:80", ["http://localhost/v1"], ["http://localhost:81"]),
        ("http://[::1]:8000", ["http://[::1]:8000/v1"], ["http://[::1]", "http://[::2]:8000"]),
    ],
)
def test_operator_adds_hosts(settings, pattern, allowed, refused):
    settings.GATEWAY_IDENTITY_HOSTS = [pattern]

    assert pattern_problems([pattern]) == []
    assert all(may_receive_identity(url) for url in allowed)
    assert not any(may_receive_identity(url) for url in refused)
    assert may_receive_identity("https://res.openai.azure.com")


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "*.com",
        "*.1.2.3.4",
        "a.*.example",
        "http://api.example",
        "http://*.localhost.example",
        "http://10.0.0.1:*",
        "ftp://api.example",
        "api.example/v1",
        "user@api.example",
        "api.example:99999999",
        "",
    ],
)
def test_pattern_that_is_too_wide_or_unreadable_matches_nothing(settings, pattern):
    settings.GATEWAY_IDENTITY_HOSTS = [pattern, "good.example"]

    assert len(pattern_problems([pattern])) == 1
    assert may_receive_identity("https://good.example")
    assert not may_receive_identity("https://api.example")
    assert not may_receive_identity("http://10.0.0.1:80")


def test_scopes_are_those_of_azures_models_and_of_the_settings(settings):
    settings.GATEWAY_ENTRA_SCOPE = "api://own/.default"
    settings.GATEWAY_IDENTITY_SCOPES = ["https://ml.azure.com/.default"]

    for scope in ("", "api://own/.default", "https://ml.azure.com/.default"):
        assert is_identity_scope(scope)
    for cloud in ("com", "us", "cn"):
        assert is_identity_scope(f"https://cognitiveservices.azure.{cloud}/.default")


@pytest.mark.parametrize(
    "scope",
    [
        "https://management.azure.com/.default",
        "https://vault.azure.net/.default",
        "https://cognitiveservices.azure.com//.default",
        "https://COGNITIVESERVICES.azure.com/.default",
        "https://ml.azure.com/.default",
        " ",
    ],
)
def test_other_scopes_are_refused(scope):
    assert not is_identity_scope(scope)

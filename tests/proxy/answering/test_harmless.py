from __future__ import annotations

import pytest

from proxy.answering.harmless import is_harmless


@pytest.mark.parametrize(
    "body",
    [
        {"store": True},
        {"background": True},
        {"mcp_servers": [{"url": "https://tools.example"}]},
        {"container": "c-1"},
        {"plugins": [{"id": "web"}]},
        {"search_parameters": {"mode": "on"}},
        {"data_sources": [{"type": "azure_search"}]},
        {"web_search_options": {}},
        {"tools": [{"type": "function"}, {"type": "mcp"}]},
        {"tools": [{"google_search": {}}]},
        {"tools": [{"type": ["function"]}]},
        {"tools": [{"type": None}]},
        {"tools": ["web_search"]},
        {"tools": {"google_search": {}}},
    ],
    ids=str,
)
def test_what_the_provider_keeps_or_runs_sets_something_in_motion(body) -> None:
    assert not is_harmless({"messages": []} | body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"store": False, "plugins": [], "tools": None, "web_search_options": None},
        {"n": 2, "metadata": {"team": "a"}},
        {"tools": [{"type": "function"}, {"type": "custom"}]},
        {"tools": [{"name": "of messages"}, {"function": {"name": "without a type"}}]},
    ],
    ids=str,
)
def test_other_chats_are_harmless(body) -> None:
    assert is_harmless({"messages": []} | body)

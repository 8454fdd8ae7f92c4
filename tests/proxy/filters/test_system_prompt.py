"""The prefix lands where each endpoint has its instructions."""

import pytest

from proxy.filters.system_prompt import SystemPromptPrefix
from tests.support.builders import a_caller

USER = {"role": "user", "content": "Hello"}


@pytest.fixture(autouse=True)
def prefix(settings):
    settings.GATEWAY_SYSTEM_PROMPT_PREFIX = "Be kind."


@pytest.mark.parametrize(
    ("endpoint", "body", "expected"),
    [
        (
            "chat/completions",
            {"messages": [USER]},
            {"messages": [{"role": "system", "content": "Be kind."}, USER]},
        ),
        (
            "chat/completions",
            {"messages": [{"role": "developer", "content": "Be brief."}, USER]},
            {"messages": [{"role": "developer", "content": "Be kind.\n\nBe brief."}, USER]},
        ),
        ("responses", {"input": "a"}, {"input": "a", "instructions": "Be kind."}),
        (
            "messages",
            {"system": [{"type": "text", "text": "Be brief."}]},
            {"system": [{"type": "text", "text": t} for t in ("Be kind.", "Be brief.")]},
        ),
        ("embeddings", {"input": "a"}, {"input": "a"}),
    ],
)
async def test_instructions(endpoint, body, expected):
    assert await SystemPromptPrefix(endpoint).inlet(body, a_caller()) == expected

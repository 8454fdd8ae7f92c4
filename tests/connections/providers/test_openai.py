from __future__ import annotations

import pytest

from connections.providers.openai import OMIT, reasoning_changes
from wire_formats.families import family_of


@pytest.mark.parametrize(
    "model",
    [
        "o1",
        "o1-mini",
        "o1-preview",
        "o3-mini",
        "o4-mini-2025-04-16",
        "gpt-5",
        "gpt-5-mini",
        "gpt-5.1",
        "gpt-10",
        "gpt-50",
        "GPT-5",
        "openai/o1",
        "openai.gpt-5",
        "OpenAI/O3",
    ],
)
def test_a_reasoning_model_is_known_by_its_name(model: str) -> None:
    assert family_of(model).is_reasoning


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4o",
        "gpt-4",
        "gpt-4-32k",
        "gpt-4.1",
        "gpt-35-turbo",  # Azure's way to write gpt-3.5
        "openai/gpt-35-turbo-16k",
        "gpt-oss-120b",
        "chatgpt-4o-latest",
        "omni-moderation",
        "olmo-2",
        "foo1",
        "mistral/o1",
        "my-gpt-5",
        "",
    ],
)
def test_any_other_model_is_none(model: str) -> None:
    assert not family_of(model).is_reasoning


@pytest.mark.parametrize(
    ("model", "role"),
    [
        ("o1-mini", "user"),
        ("O1-Preview-2024-09-12", "user"),
        ("openai/o1-mini", "user"),
        ("openai.o1-preview", "user"),
        ("o1", "developer"),
        ("o3-mini", "developer"),
        ("gpt-5", "developer"),
    ],
)
def test_the_first_system_message_takes_the_role_the_model_knows(model: str, role: str) -> None:
    messages = [{"role": "system", "content": "a", "x": 1}, {"role": "system", "content": "b"}]
    changed = reasoning_changes({"messages": messages}, family_of(model))["messages"]
    assert changed == [{"role": role, "content": "a", "x": 1}, messages[1]]


@pytest.mark.parametrize("value", [5, None, 0])
def test_max_tokens_moves_with_its_value(value: object) -> None:
    changes = reasoning_changes({"max_tokens": value}, family_of("o1"))
    assert changes == {"max_tokens": OMIT, "max_completion_tokens": value}


def test_max_completion_tokens_of_the_client_stays() -> None:
    changes = reasoning_changes({"max_tokens": 5, "max_completion_tokens": 9}, family_of("o1"))
    assert changes == {"max_tokens": OMIT}


@pytest.mark.parametrize("messages", [None, [], "x", ["system"], [None], [{"role": ["system"]}]])
def test_odd_messages_are_left_to_the_upstream(messages: object) -> None:
    assert reasoning_changes({"messages": messages}, family_of("o1")) == {}

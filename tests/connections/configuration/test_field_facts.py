"""Keys of connections in configuration files, with what each is used for."""

from __future__ import annotations

from typing import Any

import pytest

from connections.configuration import field_facts
from connections.configuration.entry import EntryError
from connections.configuration.spec import ConnectionSpec
from connections.configuration.upsert import upsert
from connections.models import Connection
from connections.models.key_source import KeySource

SECRET = "sk-used-for-a-thing-0123"
ENTRY = {"name": "one", "base_url": "https://one.example/v1"}


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("env:X", KeySource(environment_variable="X")),
        ({"key": "env:X"}, KeySource(environment_variable="X")),
        (
            {"key": SECRET, "weight": 2, "models": ["gpt-4*"]},
            KeySource(secret=SECRET, weight=2, model_patterns=("gpt-4*",)),
        ),
        ({"key": "env:X", "weight": 0}, KeySource(environment_variable="X", weight=0)),
    ],
)
def test_key_is_a_string_or_a_mapping(written: Any, source: KeySource) -> None:
    assert field_facts.keys([written]) == (source,)
    assert field_facts.keys([field_facts.written_key(source)]) == (source,)


@pytest.mark.parametrize(
    "written",
    [
        {"env": SECRET},
        {"key": SECRET, SECRET: 1},
        {"key": [SECRET]},
        {"key": SECRET, "weight": -1},
        {"key": SECRET, "weight": "2"},
        {"key": SECRET, "weight": 40_000},
        {"key": SECRET, "models": SECRET},
        {"key": SECRET, "models": [""]},
        7,
    ],
)
def test_other_form_is_refused_and_not_quoted(written: Any) -> None:
    with pytest.raises(EntryError, match="connection one: keys must be a list") as refused:
        ConnectionSpec.from_dict(ENTRY | {"keys": [written]})

    assert SECRET not in str(refused.value)


@pytest.mark.django_db
def test_key_keeps_its_row_when_it_is_used_otherwise() -> None:
    upsert(ConnectionSpec.from_dict(ENTRY | {"keys": [SECRET, "env:X"]}))
    rows = list(Connection.objects.get().keys.values_list("pk", flat=True))
    changed = ConnectionSpec.from_dict(
        ENTRY | {"keys": [{"key": SECRET, "weight": 3, "models": ["gpt-4*", "o3"]}, "env:X"]}
    )

    told = str(upsert(changed))

    key, _ = Connection.objects.get().keys.all()
    assert told == ("~ connection one: keys …0123, env:X → …0123 (weight 3; gpt-4*, o3), env:X")
    assert [row.pk for row in Connection.objects.get().keys.all()] == rows
    assert (key.weight, key.model_patterns) == (3, ["gpt-4*", "o3"])
    assert str(upsert(changed)) == "  connection one"

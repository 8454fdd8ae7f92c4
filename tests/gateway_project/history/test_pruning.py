"""Entries of the history go when the operator wants them gone, and not before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from connections.models import Connection
from gateway_project.history import pruning
from gateway_project.settings.environment import MOST_DAYS

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def entries(db) -> None:
    """Of changes that were made 0, 10, 20 … 90 days ago."""
    for days in range(0, 100, 10):
        row = Connection.objects.create(name=f"c{days}", base_url="https://one.example/v1")
        entry = LogEntry.objects.get_for_object(row)
        entry.update(timestamp=NOW - timedelta(days=days))


def kept() -> list[int]:
    return sorted((NOW - entry.timestamp).days for entry in LogEntry.objects.all())


def test_everything_is_kept_unless_a_number_of_days_is_set(entries, settings) -> None:
    assert settings.GATEWAY_HISTORY_DAYS == 0
    assert pruning.prune_as_set(now=NOW) == 0
    assert len(kept()) == 10


def test_entries_older_than_the_days_that_are_set_are_deleted(entries, settings) -> None:
    settings.GATEWAY_HISTORY_DAYS = 30
    assert pruning.prune_as_set(now=NOW) == 6
    assert kept() == [0, 10, 20, 30]
    assert pruning.prune_as_set(now=NOW) == 0


def test_the_most_days_that_can_be_set_lead_to_a_date(entries, settings) -> None:
    settings.GATEWAY_HISTORY_DAYS = MOST_DAYS
    assert pruning.prune_as_set(now=NOW) == 0
    assert len(kept()) == 10


def test_many_are_deleted_batch_after_batch(entries) -> None:
    assert pruning.prune(timedelta(days=15), now=NOW, batch=3) == 8
    assert kept() == [0, 10]


def test_the_command_counts_first_and_then_deletes(entries, capsys) -> None:
    LogEntry.objects.exclude(object_repr="c0").update(timestamp=NOW - timedelta(days=9999))
    LogEntry.objects.filter(object_repr="c0").update(timestamp=datetime.now(UTC))
    call_command("prune_history", "--older-than", "365d", "--dry-run")
    assert capsys.readouterr().out.startswith("9 changes before ")
    call_command("prune_history", "--older-than", "365d")
    assert capsys.readouterr().out.startswith("9 changes before ")
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["c0"]


def test_the_command_deletes_nothing_by_default(db) -> None:
    with pytest.raises(CommandError):
        call_command("prune_history")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_would_not_have_it_is_asked_again(caplog) -> None:
    def fail() -> int:
        raise DatabaseError("locked")

    assert pruning.try_to_prune(fail) == 0
    assert "the history is not pruned, the database says: locked" in caplog.text

"""Limits in configuration files."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import yaml
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import ApiKey, User
from connections.configuration.difference import Kind
from gateway_project.config_file.applying import apply_document
from gateway_project.config_file.document import read_document
from gateway_project.config_file.exporting import export_document
from gateway_project.config_file.source import ConfigFileError
from limits.configuration.spec import LimitSpec
from limits.models import Limit, LimitChange, Period

pytestmark = pytest.mark.django_db
INTERNS = {
    "label": "interns a minute",
    "group": "interns",
    "share": "each_user",
    "metric": "requests",
    "amount": 20,
    "window": "minute",
}
FULL = INTERNS | {
    "label": "all of it",
    "models": ["gpt-4*"],
    "endpoints": ["chat/completions"],
    "metric": "usd",
    "amount": 0.123456789,
    "window": "month",
    "time_zone": "Europe/Berlin",
    "mode": "warn",
    "on_outage": "open",
    "unpriced": "assume",
    "assumed_per_million": 2.5,
    "wait_seconds": 1.5,
    "clamps": False,
    "thresholds": [90],
    "alert_emails": ["ops@example.com"],
    "enabled": False,
    "raises": [
        {"amount": 5, "until": "2999-12-31", "reason": "a demo"},
        {"amount": 7, "until": "2999-12-31T18:00", "share": "user:ada"},
    ],
}


@pytest.fixture(autouse=True)
def people() -> User:
    ada = User.objects.create_user("ada")
    ada.groups.add(Group.objects.create(name="interns"))
    return ada


def applied(*entries: dict) -> list[str]:
    """What an import of ``entries`` says of each."""
    return list(map(str, apply_document(read_document(yaml.safe_dump({"limits": [*entries]})))))


def exported() -> list[dict]:
    return yaml.safe_load(export_document(with_secrets=False).content).get("limits", [])


def test_limit_is_added_once_and_then_unchanged() -> None:
    assert applied(INTERNS) == ["+ limit interns a minute"]
    assert applied(INTERNS) == ["  limit interns a minute"]
    limit = Limit.objects.get()
    assert (limit.group.name, limit.share, limit.amount) == ("interns", "each_user", Decimal(20))


def test_every_field_comes_back_from_an_export() -> None:
    applied(FULL, INTERNS)
    before = exported()
    Limit.objects.all().delete()
    assert applied(*before) == ["+ limit all of it", "+ limit interns a minute"]
    assert exported() == before
    assert applied(*before) == ["  limit all of it", "  limit interns a minute"]
    assert set(before[0]) == set(FULL)
    assert before[1] == INTERNS


@pytest.mark.parametrize("kind", ["user", "key", "connection", "connection_key", "everyone"])
def test_each_kind_of_subject_makes_the_round_trip(kind: str, people: User) -> None:
    from connections.models import Connection
    from connections.models.key_source import KeySource

    one = Connection.objects.create(name="one", base_url="https://one.example/v1")
    one.replace_keys([KeySource.parse("env:ONE")])
    names = {
        "user": "ada",
        "key": str(ApiKey.objects.issue(people)[0].pk),
        "connection": "one",
        "connection_key": "one/env:ONE",
        "everyone": True,
    }
    entry = {"label": "x", kind: names[kind], "metric": "concurrency", "amount": 3}
    assert applied(entry) == ["+ limit x"]
    assert exported() == [entry]


def test_a_wait_that_a_connections_limit_cannot_have_is_not_exported() -> None:
    """Rows of an older version, or of code, may have one."""
    from connections.models import Connection

    Connection.objects.create(name="one", base_url="https://one.example/v1")
    entry = {"label": "x", "connection": "one", "metric": "concurrency", "amount": 3}
    applied(entry)
    Limit.objects.update(wait_seconds=5)
    assert exported() == [entry]
    assert applied(*exported()) == ["  limit x"]


def test_change_keeps_the_row_and_what_was_counted() -> None:
    applied(INTERNS)
    row = Limit.objects.get()
    assert applied(INTERNS | {"amount": 30, "mode": "shadow", "models": ["a", "b"]}) == [
        "~ limit interns a minute: models * → a, b; amount 20 → 30; mode enforce → shadow"
    ]
    assert Limit.objects.get().pk == row.pk


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metric": "tokens"}, "another metric"),
        ({"window": "day"}, "another window"),
        ({"share": "pool"}, "another share"),
        ({"group": None, "user": "ada"}, "another subject"),
    ],
)
def test_change_of_what_is_counted_begins_anew_and_says_so(change: dict, words: str) -> None:
    applied(INTERNS)
    before = Limit.objects.get()
    Period.objects.create(limit=before, start=0, end=9, records=1, requests=1)
    [told] = applied(INTERNS | change)
    assert told.startswith("~ limit interns a minute: ")
    assert told.endswith(f"replaced, and its counts begin again: {words}")
    assert Limit.objects.get().pk != before.pk
    assert not Period.objects.exists()


def test_raises_are_brought_to_what_the_file_says() -> None:
    limit = INTERNS | {"raises": FULL["raises"]}
    applied(limit)
    assert applied(INTERNS) == ["  limit interns a minute"]  # without the field they stay
    assert applied(limit | {"raises": limit["raises"][:1]}) == [
        "~ limit interns a minute: no longer raised to 7 until 2999-12-31 18:00 for user:ada"
    ]
    assert applied(limit | {"raises": []})[0].startswith("~")
    ended = LimitChange.objects.filter(until__lte=timezone.now())
    assert [(row.amount, row.made_by) for row in ended] == [
        (7, "a configuration file"),
        (5, "a configuration file"),
    ]


def test_raises_of_a_limit_that_is_replaced_end() -> None:
    applied(INTERNS | {"raises": FULL["raises"][:1]})
    [told] = applied(INTERNS | {"window": "day"})
    assert told.endswith("another window; its raises end")
    assert not LimitChange.objects.exists()


def test_raise_that_is_over_is_passed_over() -> None:
    over = {"amount": 5, "until": (timezone.now() - timedelta(hours=1)).isoformat()}
    applied(INTERNS | {"raises": [over]})
    assert applied(INTERNS | {"raises": [over]}) == ["  limit interns a minute"]
    assert not LimitChange.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amuont": 1}, "interns a minute: amuont is not a field (did you mean amount?)"),
        ({"amount": None}, "amount is missing"),
        ({"amount": -1}, "amount must be a number of at least 0"),
        ({"amount": 1.5}, "amount is not valid. Give a whole number"),
        ({"amount": "1e30"}, "amount is not valid"),
        ({"metric": "request"}, "did you mean requests?"),
        ({"window": "mnth"}, "did you mean month?"),
        ({"window": None}, "window is missing: one of minute"),
        ({"metric": "concurrency"}, "window must be left out for requests at once"),
        ({"group": None}, "names none of group, user"),
        ({"user": "ada"}, "user is one too many of group"),
        ({"everyone": True}, "everyone is one too many of group"),
        ({"time_zone": "Mars/Olympus"}, "There is no time zone 'Mars/Olympus'"),
        ({"thresholds": ["a"]}, "whole per cents"),
        ({"thresholds": [0]}, "whole per cents"),
        ({"alert_emails": ["ops"]}, "no mail address"),
        ({"wait_seconds": 601}, "wait_seconds is not valid"),
        ({"raises": [{"amount": 1}]}, "raises until is missing"),
        ({"raises": [{"amount": 1, "until": "x"}]}, "until must be a date such as"),
        ({"raises": {}}, "raises must be a list"),
        ({"group": None, "connection": "one"}, "share is not valid. A limit of a connection"),
        (
            {"group": None, "connection": "one", "share": "pool", "wait_seconds": 5},
            "wait_seconds is not valid. Requests wait for a limit of a connection",
        ),
        ({"label": " x\ny "}, "label is not valid"),
        ({"label": None}, "label is missing"),
    ],
)
def test_error_names_field_and_line(change: dict, words: str) -> None:
    with pytest.raises(ConfigFileError) as caught:
        applied(INTERNS | change)
    assert words in str(caught.value)
    assert caught.value.line is not None


def test_error_names_the_line_of_the_field() -> None:
    text = "limits:\n- label: a\n  everyone: true\n  metric: requests\n  amount: x\n  window: day\n"
    with pytest.raises(ConfigFileError, match=r"^line 5: limit a: amount must be a number\.$"):
        read_document(text)


def test_two_limits_of_one_label_are_refused() -> None:
    with pytest.raises(ConfigFileError, match="two entries named interns a minute"):
        applied(INTERNS, INTERNS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"group": "ghosts"}, "there is no group named ghosts"),
        ({"group": None, "user": "bob"}, "there is no user named bob"),
        ({"group": None, "key": "x"}, "key is unknown: there is no API key with the id x"),
        ({"raises": [{"amount": 1, "until": "2999-01-01", "share": "user:bob"}]}, "named bob"),
        ({"raises": [{"amount": 1, "until": "2999-01-01", "share": "bob"}]}, "user:NAME or key:ID"),
        ({"raises": [{"amount": 0.5, "until": "2999-01-01"}]}, "whole number"),
    ],
)
def test_unknown_name_changes_nothing(change: dict, words: str) -> None:
    with pytest.raises(ConfigFileError, match=words):
        applied(INTERNS | {"label": "fine"}, INTERNS | change)
    assert not Limit.objects.exists()


def test_group_of_the_same_file_is_known() -> None:
    document = {"groups": [{"name": "new"}], "limits": [INTERNS | {"group": "new"}]}
    differences = apply_document(read_document(yaml.safe_dump(document)))
    assert differences[-1].kind is Kind.ADDED


def test_spec_of_a_row_is_that_of_its_entry() -> None:
    applied(INTERNS)
    assert LimitSpec.of(Limit.objects.get()).to_dict() == INTERNS

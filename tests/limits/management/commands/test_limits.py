"""``limits show``, ``limits set`` and ``limits raise``."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.management.errors import UsageError
from accounts.models import ApiKey, User
from limits.models import Limit, LimitChange
from tests.limits.builders import add_period, make_limit

pytestmark = pytest.mark.django_db
NEW = ("--for", "group:team", "--share", "each_user", "--metric", "usd", "--window", "day")


@pytest.fixture
def ada() -> User:
    ada = User.objects.create_user("ada")
    ada.groups.add(Group.objects.create(name="team"))
    return ada


def run(*arguments: str) -> str:
    """What is said on stdout."""
    out = StringIO()
    call_command("limits", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def told(*arguments: str) -> Any:
    answer = json.loads(run(*arguments, "--json"))
    assert answer["schema_version"] == 1
    return answer


def problem(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert isinstance(caught.value, UsageError) or caught.value.returncode == 1
    assert "\n" not in str(caught.value)
    return str(caught.value)


# set


def test_limit_is_made_then_unchanged_then_changed(ada: User) -> None:
    made = ("set", "interns", *NEW, "--amount", "5.5", "--models", "gpt-4*", "o3")
    assert run(*made) == "+ limit interns\n"
    assert run(*made) == "Nothing to do: limit interns is so already.\n"
    assert run("set", "interns", "--amount", "8", "--mode", "warn") == (
        "~ limit interns: amount 5.5 → 8; mode enforce → warn\n"
    )
    limit = Limit.objects.get()
    assert (limit.amount, limit.mode) == (8, "warn")
    assert (limit.model_patterns, limit.group.name) == (["gpt-4*", "o3"], "team")


def test_every_field_can_be_set(ada: User) -> None:
    run(
        *("set", "interns", *NEW, "--amount", "5", "--time-zone", "Europe/Berlin"),
        *("--endpoints", "audio/*", "--on-outage", "open", "--unpriced", "assume"),
        *("--assumed-per-million", "2.5", "--wait-seconds", "1.5", "--no-clamps"),
        *("--thresholds", "90", "--alert-emails", "a@example.com", "--no-enabled"),
    )
    limit = Limit.objects.get()
    assert (limit.time_zone, limit.endpoints) == ("Europe/Berlin", ["audio/*"])
    assert (limit.on_outage, limit.unpriced) == ("open", "assume")
    assert (limit.assumed_per_million, limit.wait_seconds) == (Decimal("2.5"), 1.5)
    assert (limit.clamps, limit.is_enabled, limit.thresholds) == (False, False, [90])
    run("set", "interns", "--enabled", "--clamps", "--endpoints", "--thresholds")
    limit.refresh_from_db()
    assert (limit.clamps, limit.is_enabled) == (True, True)
    assert (limit.endpoints, limit.thresholds) == ([], [])


def test_another_metric_begins_anew_and_says_so(ada: User) -> None:
    limit = make_limit("interns")
    assert "its counts begin again" in run("set", "interns", "--metric", "concurrency")
    assert Limit.objects.get().pk != limit.pk
    assert Limit.objects.get().window == ""


def test_raises_stay_when_something_else_changes(ada: User) -> None:
    limit = make_limit("interns")
    run("raise", "interns", "--amount", "50", "--until", "2999-01-01")
    run("set", "interns", "--amount", "30")
    assert limit.changes.get().until > timezone.now()


def test_dry_run_changes_nothing(ada: User) -> None:
    answer = told("set", "interns", *NEW, "--amount", "5", "--dry-run")
    assert (answer["change"], answer["dry_run"]) == ("added", True)
    assert answer["limit"]["group"] == "team"
    assert not Limit.objects.exists()


def test_key_is_named_by_its_hint(ada: User) -> None:
    key, _ = ApiKey.objects.issue(ada)
    run("set", "x", "--for", f"key:{key.hint}", "--metric", "concurrency", "--amount", "3")
    assert Limit.objects.get().key == key


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--amount", "5"), "There is no limit 'x'; --for says whom a new one is for."),
        (("--for", "team"), "--for must be everyone, or one of group:NAME"),
        (("--for", "group:ghosts", *NEW[2:], "--amount", "1"), "no group named ghosts"),
        (("--for", "key:nope", *NEW[2:], "--amount", "1"), "There is no key 'nope'"),
        ((*NEW,), "limit x: amount is missing"),
        ((*NEW, "--amount", "much"), "amount must be a number"),
        ((*NEW, "--amount", "1", "--time-zone", "Mars"), "There is no time zone 'Mars'"),
        ((*NEW[:-2], "--amount", "1"), "window is missing"),
    ],
)
def test_what_cannot_be_set_is_told_in_a_line(ada: User, arguments: tuple, words: str) -> None:
    assert words in problem("set", "x", *arguments)
    assert not Limit.objects.exists()


def test_unknown_choice_is_told() -> None:
    assert "invalid choice" in problem_of_arguments("set", "x", "--metric", "money")


def problem_of_arguments(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    return str(caught.value)


# raise


def test_raise_holds_until_a_date_for_one_user(ada: User) -> None:
    make_limit("interns", share="each_user")
    said = run(
        *("raise", "interns", "--share", "user:ada", "--amount", "50"),
        *("--until", "2999-12-31", "--reason", "workshop"),
    )
    assert said == (
        "Raised interns (20 requests a day, each user) to 50 requests until 3000-01-01 00:00 UTC.\n"
    )
    change = LimitChange.objects.get()
    assert (change.share, change.amount, change.reason) == (f"u{ada.pk}", 50, "workshop")
    assert change.made_by.endswith("by a command")


def test_raise_for_a_span_of_time() -> None:
    make_limit("interns")
    answer = told("raise", "interns", "--amount", "50", "--until", "7d")
    assert answer["raise"]["amount"] == "50"
    until = LimitChange.objects.get().until
    assert abs(until - timezone.now() - timedelta(days=7)) < timedelta(minutes=5)


def test_raises_are_ended_all_or_of_one_share(ada: User) -> None:
    make_limit("interns", share="each_user")
    for share in ((), ("--share", "user:ada")):
        run("raise", "interns", "--amount", "50", "--until", "7d", *share)
    [ended] = told("raise", "interns", "--end", "--share", "user:ada")["ended"]
    assert ended["share"] == "user:ada"
    assert [change.share for change in LimitChange.objects.filter(until__gt=timezone.now())] == [""]
    [ended] = told("raise", "interns", "--end")["ended"]
    assert (ended["amount"], ended["share"]) == ("50", None)
    assert run("raise", "interns", "--end").startswith("Nothing to do")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ghost", "--end"), "There is no limit 'ghost'"),
        (("all", "--amount", "1"), "A raise needs --amount and --until, or --end."),
        (("all", "--amount", "1", "--until", "2020-01-01"), "The end is in the past."),
        (("all", "--amount", "1", "--until", "soon"), "must be a date such as 2026-12-31"),
        (("all", "--amount", "x", "--until", "7d"), "must be a number"),
        (("all", "--amount", "1.5", "--until", "7d"), "Give a whole number"),
        (("all", "--amount", "1", "--until", "7d", "--share", "user:bob"), "one amount for all"),
        (("each", "--amount", "1", "--until", "7d", "--share", "user:bob"), "no user named bob"),
        (("each", "--end", "--share", "key:x"), "--share must be user:"),
    ],
)
def test_what_cannot_be_raised_is_told_in_a_line(arguments: tuple, words: str) -> None:
    make_limit("all")
    make_limit("each", share="each_user")
    assert words in problem("raise", *arguments)
    assert not LimitChange.objects.exists()


# show


def test_what_holds_for_a_user_is_shown_with_what_is_left(ada: User) -> None:
    key, _ = ApiKey.objects.issue(ada)
    other = ApiKey.objects.issue(User.objects.create_user("bob"))[0]
    team = Group.objects.get()
    limits = {
        "pool": make_limit("pool", subject_kind="group", group=team),
        "each": make_limit("each", share="each_user", metric="usd", amount=5, window="month"),
        "keyed": make_limit("keyed", share="each_key"),
        "minute": make_limit("minute", window="minute"),
    }
    make_limit("of another", subject_kind="key", key=other)
    make_limit("off", is_enabled=False)
    add_period(limits["pool"], time.time(), requests=7)
    add_period(limits["each"], time.time(), f"u{ada.pk}", nanodollars=1_250_000_000)
    shown = {each["label"]: each for each in told("show", "--user", "ada")["limits"]}
    assert set(shown) == set(limits)
    used = {label: each["used"] for label, each in shown.items()}
    assert [(use["used"], use["left"]) for use in used["pool"]] == [(7, 13)]
    assert [(use["share"], use["used"]) for use in used["each"]] == [("user:ada", 1.25)]
    assert [(use["share"], use["used"]) for use in used["keyed"]] == [(f"key:{key.pk}", 0)]
    assert used["minute"][0]["used"] is None
    assert shown["pool"]["for"] == "group:team"
    assert used["pool"][0]["resets_at"].endswith("T00:00:00Z")
    assert set(shown) == {each["label"] for each in told("show", "--key", key.hint)["limits"]}
    assert [each["label"] for each in told("show", "--group", "team")["limits"]] == ["pool"]


def test_table_has_a_line_for_each_share(ada: User) -> None:
    limit = make_limit("interns", share="each_user")
    add_period(limit, time.time(), f"u{ada.pk}", requests=5)
    add_period(limit, time.time(), "u999", requests=9)
    heads, first, second = run("show", "--label", "interns").splitlines()
    assert heads.split()[:4] == ["label", "for", "allows", "by"]
    assert "20 requests a day, each user" in first
    assert [line.partition("user  ")[2].split()[:4] for line in (first, second)] == [
        ["user:999", "20", "9", "11"],
        ["user:ada", "20", "5", "15"],
    ]
    assert "interns" in run("show")


def test_raised_amount_is_shown(ada: User) -> None:
    make_limit("interns", share="each_user")
    run("raise", "interns", "--share", "user:ada", "--amount", "50", "--until", "7d")
    [shown] = told("show", "--user", "ada")["limits"]
    assert (shown["amount"], shown["used"][0]["amount"]) == (20, 50)
    assert shown["raises"][0]["share"] == "user:ada"


def test_nothing_is_shown_where_there_is_nothing() -> None:
    assert run("show") == "No limit.\n"
    assert told("show")["limits"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--user", "bob"), "There is no user named 'bob'."),
        (("--group", "bob"), "There is no group named 'bob'."),
        (("--key", "bob"), "There is no key 'bob'."),
        (("--label", "bob"), "There is no limit 'bob'."),
    ],
)
def test_unknown_name_is_told(arguments: tuple[str, str], words: str) -> None:
    assert words in problem("show", *arguments)

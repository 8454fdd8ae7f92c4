"""The admin's pages of limits."""

from __future__ import annotations

import html
import time
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, User
from connections.models import Connection
from connections.models.key_source import KeySource
from limits.checks import WORKERS_VARIABLE
from limits.models import Limit, LimitAlert
from tests.limits.builders import add_period, make_limit

pytestmark = pytest.mark.django_db
ADD, LIST = "/admin/limits/limit/add/", "/admin/limits/limit/"


@pytest.fixture
def team() -> Group:
    return Group.objects.create(name="team")


@pytest.fixture
def ada(team: Group) -> User:
    ada = User.objects.create_user("ada")
    ada.groups.add(team)
    return ada


def form(**fields: Any) -> dict[str, Any]:
    """What a browser sends of a new limit."""
    return {
        "label": "interns",
        "is_enabled": "on",
        "mode": "enforce",
        "subject_kind": "everyone",
        "share": "each_user",
        "metric": "requests",
        "amount": "20",
        "window": "minute",
        "model_patterns": "gpt-4*\no3",
        "clamps": "on",
        "wait_seconds": "0",
        "unpriced": "refuse",
        "assumed_per_million": "10",
        "thresholds": "50, 80",
    } | fields


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def page(limit: Limit, name: str = "change") -> str:
    return reverse(f"admin:limits_limit_{name}", args=[limit.pk])


def test_limit_is_made_and_its_making_is_in_the_history(admin_client: Client, team: Group) -> None:
    sent = form(subject_kind="group", group=team.pk, endpoints="chat/completions")
    assert admin_client.post(ADD, sent).status_code == 302
    limit = Limit.objects.get()
    assert (limit.group, limit.amount, limit.thresholds) == (team, 20, [50, 80])
    assert (limit.model_patterns, limit.endpoints) == (["gpt-4*", "o3"], ["chat/completions"])
    assert LogEntry.objects.get().object_repr == "interns"
    assert "interns" in text_of(admin_client.get(page(limit, "history")))


def test_fields_that_the_page_hides_do_not_count(
    admin_client: Client, team: Group, ada: User
) -> None:
    hidden = {"group": team.pk, "user": ada.pk}
    sent = form(subject_kind="user", metric="concurrency", window="day", **hidden)
    assert admin_client.post(ADD, sent).status_code == 302
    limit = Limit.objects.get()
    assert (limit.user, limit.group, limit.window) == (ada, None, "")


def test_wait_for_a_connection_is_hidden_and_does_not_count(admin_client: Client) -> None:
    one = Connection.objects.create(name="one", base_url="https://one.example/v1")
    sent = form(subject_kind="connection", connection=one.pk, share="pool", wait_seconds="5")
    assert admin_client.post(ADD, sent).status_code == 302
    limit = Limit.objects.get()
    assert limit.wait_seconds == 0
    shown = text_of(admin_client.get(page(limit)))
    assert 'name="on_outage"' in shown
    assert not any(f'name="{name}"' in shown for name in ("wait_seconds", "clamps"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"subject_kind": "group"}, "Choose one: the limit is for it."),
        ({"window": ""}, "Choose the time in which the amount may be used."),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"amount": "1.5"}, "Give a whole number"),
        ({"time_zone": "Mars"}, "There is no time zone 'Mars'"),
        ({"thresholds": "many"}, "Give whole per cents"),
        ({"alert_emails": "ops"}, "is no mail address"),
        ({"wait_seconds": "601"}, "less than or equal to 600"),
        ({"model_patterns": ""}, "This field is required"),
        ({"label": "there"}, "already exists"),
        ({"subject_kind": "connection", "connection": "one"}, "for all together"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    admin_client: Client, fields: dict, words: str
) -> None:
    make_limit("there")
    if "connection" in fields:
        one = Connection.objects.create(name="one", base_url="https://one.example/v1")
        fields = fields | {"connection": one.pk}
    assert words in text_of(admin_client.post(ADD, form(**fields)))
    assert Limit.objects.count() == 1


def test_what_is_counted_and_for_whom_is_read_only_and_says_why(
    admin_client: Client, team: Group
) -> None:
    limit = make_limit("interns", subject_kind="group", group=team, metric="usd")
    shown = text_of(admin_client.get(page(limit)))
    assert "make another limit for another count" in shown
    assert not any(f'name="{name}"' in shown for name in ("group", "user", "metric", "window"))
    assert 'name="unpriced"' in shown
    sent = form(metric="tokens", window="hour", share="pool", amount="0.25", is_enabled="")
    assert admin_client.post(page(limit), sent).status_code == 302
    limit.refresh_from_db()
    assert (limit.metric, limit.window, limit.amount) == ("usd", "day", Decimal("0.25"))
    assert not limit.is_enabled


def test_fields_that_mean_nothing_for_a_limit_are_left_out(admin_client: Client) -> None:
    shown = text_of(admin_client.get(page(make_limit(window="minute"))))
    assert not any(f'name="{name}"' in shown for name in ("unpriced", "time_zone"))


def test_an_amount_is_shown_without_the_zeros_of_its_column(admin_client: Client) -> None:
    limit = make_limit(amount=Decimal("2.50"))
    limit.refresh_from_db()
    shown = admin_client.get(page(limit)).context["adminform"].form["amount"]
    assert shown.value() == "2.5"


def test_whole_amount_is_asked_of_a_limit_that_is_there(admin_client: Client) -> None:
    limit = make_limit("interns")
    assert "Give a whole number" in text_of(admin_client.post(page(limit), form(amount="1.5")))


def test_key_of_a_connection_is_chosen_by_what_may_be_shown_of_it(admin_client: Client) -> None:
    one = Connection.objects.create(name="one", base_url="https://one.example/v1")
    one.replace_keys([KeySource.parse("sk-canary-secret-wxyz")])
    shown = text_of(admin_client.get(ADD))
    assert "…wxyz of one" in shown
    assert "canary" not in shown


@pytest.mark.parametrize(
    ("permissions", "is_offered"),
    [
        (["add_limit"], False),
        (["add_limit", "view_connection"], False),
        (["add_limit", "view_connectionkey"], False),
        (["add_limit", "view_connection", "view_connectionkey"], True),
    ],
)
def test_keys_of_connections_are_offered_to_those_who_may_see_both(
    client: Client, permissions: list[str], is_offered: bool
) -> None:
    one = Connection.objects.create(name="secretive", base_url="https://one.example/v1")
    one.replace_keys([KeySource.parse("sk-0123456789abcd")])
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(staff)
    key = one.keys.get()
    shown = text_of(client.get(ADD, {"connection_key": key.pk}))
    assert (f"{key} of secretive" in shown) is is_offered
    client.post(ADD, form(subject_kind="connection_key", connection_key=key.pk, share="pool"))
    assert Limit.objects.filter(connection_key=key).exists() is is_offered


def test_list_tells_in_words_what_is_allowed_and_used(
    admin_client: Client, team: Group, ada: User
) -> None:
    limit = make_limit("x", subject_kind="group", group=team, share="each_user", amount=20)
    add_period(limit, time.time(), f"u{ada.pk}", requests=17)
    shown = text_of(admin_client.get(LIST))
    for words in ("group team", "20 requests a day, each user", "17 of 20 (85 %)"):
        assert words in shown


def test_list_of_a_hundred_asks_no_more_than_a_list_of_ten(
    admin_client: Client, team: Group, ada: User, django_assert_max_num_queries
) -> None:
    key, _ = ApiKey.objects.issue(ada)
    one = Connection.objects.create(name="one", base_url="https://one.example/v1")
    subjects = [{"group": team}, {"user": ada}, {"key": key}, {"connection": one}, {}]
    windows = ["day", "month", "minute", "total"]
    for number in range(100):
        subject = subjects[number % 5]
        kind = next(iter(subject), "everyone")
        share = "pool" if kind == "connection" else "each_user"
        window = windows[number % 4]
        limit = make_limit(f"{number}", subject_kind=kind, share=share, window=window, **subject)
        if window != "minute":
            add_period(limit, time.time(), f"u{ada.pk}", requests=number)
    with django_assert_max_num_queries(14):
        response = admin_client.get(LIST)
    assert len(response.context["cl"].result_list) == 100


@pytest.mark.parametrize(
    ("asked", "labels"),
    [
        ("q=ada", ["a"]),
        ("q=team", ["g"]),
        ("subject_kind__exact=everyone", ["all"]),
        ("metric__exact=tokens", ["g"]),
        ("mode__exact=warn", ["a"]),
        ("is_enabled__exact=0", ["all"]),
    ],
)
def test_list_is_searched_and_filtered(
    admin_client: Client, team: Group, ada: User, asked: str, labels: list[str]
) -> None:
    make_limit("g", subject_kind="group", group=team, metric="tokens")
    make_limit("a", subject_kind="user", user=ada, mode="warn")
    make_limit("all", is_enabled=False)
    response = admin_client.get(f"{LIST}?{asked}")
    assert [limit.label for limit in response.context["cl"].result_list] == labels


def test_page_shows_who_has_used_how_much(admin_client: Client, ada: User) -> None:
    limit = make_limit(share="each_user")
    add_period(limit, time.time(), f"u{ada.pk}", requests=20)
    add_period(limit, time.time(), "u99", requests=1)
    shown = text_of(admin_client.get(page(limit)))
    assert shown.index("20 of 20 (100 %)") < shown.index("1 of 20 (5 %)")
    assert "ada" in shown
    assert "u99 (deleted)" in shown


def test_page_of_used_shares_asks_few_queries(
    admin_client: Client, django_assert_max_num_queries
) -> None:
    limit = make_limit(share="each_user")
    users = User.objects.bulk_create(User(username=f"user-{n}") for n in range(60))
    for user in users:
        add_period(limit, time.time(), f"u{user.pk}", requests=1)
    with django_assert_max_num_queries(12):
        shown = text_of(admin_client.get(page(limit)))
    assert "The 50 that have used most are shown." in shown


def test_deletion_tells_what_is_lost(admin_client: Client) -> None:
    limit = make_limit("interns")
    add_period(limit, time.time(), requests=3)
    LimitAlert.objects.create(limit=limit, start=0, threshold=50)
    told = text_of(admin_client.get(page(limit, "delete")))
    assert "everyone may use more than 20 requests a day, together at once" in told
    assert "What was counted in 1 period is lost" in told
    admin_client.post(page(limit, "delete"), {"post": "yes"})
    assert not Limit.objects.exists()


def test_workers_that_share_no_redis_are_warned_of(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(WORKERS_VARIABLE, "4")
    told = text_of(admin_client.post(ADD, form(), follow=True))
    assert "4 workers serve without Redis: each counts for itself" in told

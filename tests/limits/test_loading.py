from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import ApiKey, User
from connections.models import Connection, ConnectionKey
from limits.choices import Metric, Mode, OnOutage, Share, SubjectKind
from limits.loading import load_book, rule_of
from limits.models import Limit, LimitChange

pytestmark = pytest.mark.django_db


def a_limit(**fields: object) -> Limit:
    defaults = {
        "label": "ten a day",
        "subject_kind": "everyone",
        "metric": "requests",
        "amount": Decimal(10),
        "window": "day",
    }
    return Limit.objects.create(**(defaults | fields))


def test_only_enabled_limits_are_in_the_book() -> None:
    a_limit()
    a_limit(label="off", is_enabled=False)
    assert [rule.label for rule in load_book().rules] == ["ten a day"]


def test_a_subject_is_named_by_its_primary_key() -> None:
    user = User.objects.create_user("ada")
    group = Group.objects.create(name="interns")
    key, _ = ApiKey.objects.issue(user=user, name="laptop")
    connection = Connection.objects.create(name="one", base_url="https://one.example/v1")
    upstream_key = ConnectionKey.objects.create(
        connection=connection, environment_variable="ONE_KEY"
    )
    a_limit(label="1", subject_kind="user", user=user)
    a_limit(label="2", subject_kind="group", group=group)
    a_limit(label="3", subject_kind="key", key=key)
    a_limit(label="4", subject_kind="connection", connection=connection)
    a_limit(label="5", subject_kind="connection_key", connection_key=upstream_key)
    assert [(rule.subject_kind, rule.subject_id) for rule in load_book().rules] == [
        (SubjectKind.USER, str(user.pk)),
        (SubjectKind.GROUP, str(group.pk)),
        (SubjectKind.KEY, key.pk.hex),
        (SubjectKind.CONNECTION, str(connection.pk)),
        (SubjectKind.CONNECTION_KEY, str(upstream_key.pk)),
    ]


def test_amounts_are_in_whole_units() -> None:
    rule = rule_of(
        a_limit(
            metric="usd",
            amount=Decimal("0.5"),
            share="each_user",
            mode="warn",
            time_zone="Europe/Berlin",
            assumed_per_million=Decimal("2.5"),
        )
    )
    assert (rule.metric, rule.amount) == (Metric.USD, 500_000_000)
    assert rule.assumed_nanodollars_per_token == 2500
    assert (rule.share, rule.mode, rule.zone.key) == (Share.EACH_USER, Mode.WARN, "Europe/Berlin")


@pytest.mark.parametrize(
    ("metric", "mode", "chosen", "outage"),
    [
        ("usd", "enforce", "", OnOutage.CLOSED),
        ("usd", "shadow", "", OnOutage.LOCAL),
        ("usd", "enforce", "open", OnOutage.OPEN),
        ("tokens", "enforce", "", OnOutage.LOCAL),
        ("requests", "enforce", "closed", OnOutage.CLOSED),
    ],
)
def test_only_enforced_money_is_refused_without_redis_by_default(
    metric: str, mode: str, chosen: str, outage: OnOutage
) -> None:
    assert rule_of(a_limit(metric=metric, mode=mode, on_outage=chosen)).on_outage is outage


def test_the_money_of_a_connection_is_no_reason_to_refuse_without_redis() -> None:
    one = Connection.objects.create(name="one", base_url="https://one.example/v1")
    limit = a_limit(metric="usd", subject_kind="connection", connection=one)
    assert rule_of(limit).on_outage is OnOutage.LOCAL


def test_a_zone_that_is_not_known_here_leaves_the_other_limits_in_force(
    caplog: pytest.LogCaptureFixture,
) -> None:
    a_limit(time_zone="Mars/Olympus")
    a_limit(label="other")
    assert len(load_book().rules) == 2
    assert "Mars/Olympus" in caplog.text


def test_the_latest_raise_that_is_not_over_holds() -> None:
    limit = a_limit()
    now = timezone.now()
    for amount, days, share in ((20, -1, ""), (30, 1, ""), (40, 2, ""), (50, 1, "u7")):
        LimitChange.objects.create(
            limit=limit, amount=Decimal(amount), until=now + timedelta(days=days), share=share
        )
    (rule,) = load_book().rules
    at = now.timestamp()
    assert rule.amount_for("", at) == 40
    assert rule.amount_for("u7", at) == 50
    assert rule.amount_for("u7", at + 1.5 * 86_400) == 40
    assert rule.amount_for("", at + 3 * 86_400) == 10


def test_all_is_read_in_two_queries(django_assert_num_queries: object) -> None:
    for number in range(5):
        limit = a_limit(label=str(number))
        until = timezone.now() + timedelta(days=1)
        LimitChange.objects.create(limit=limit, amount=Decimal(1), until=until)
    with django_assert_num_queries(2):  # type: ignore[operator]
        load_book()

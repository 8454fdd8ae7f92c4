from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from limits.alerts.crossings import Crossings, amount_now
from limits.models import LimitAlert, LimitChange
from tests.limits.rows import make_limit, make_period

DOLLAR = 10**9

pytestmark = pytest.mark.django_db


def noted() -> list[int]:
    return sorted(LimitAlert.objects.values_list("threshold", flat=True))


def test_each_threshold_that_was_passed_is_noted_once() -> None:
    limit = make_limit(amount=Decimal(10))
    period = make_period(limit, nanodollars=5 * DOLLAR)
    first, second = Crossings(), Crossings()
    first.note([period])
    assert noted() == [50]
    period.nanodollars = 11 * DOLLAR
    first.note([period])
    second.note([period])
    assert noted() == [50, 80, 95, 100]


def test_one_nanodollar_below_a_threshold_is_below() -> None:
    period = make_period(make_limit(amount=Decimal(10)), nanodollars=8 * DOLLAR - 1)
    Crossings().note([period])
    assert noted() == [50]


def test_another_share_and_another_period_have_alerts_of_their_own() -> None:
    limit = make_limit(thresholds=[100])
    day = 24 * 3600
    periods = [
        make_period(limit, nanodollars=10 * DOLLAR),
        make_period(limit, share="u2", nanodollars=10 * DOLLAR),
        make_period(limit, at=1_790_000_000.0 + day, nanodollars=10 * DOLLAR),
    ]
    Crossings().note(periods)
    assert LimitAlert.objects.count() == 3


def test_what_is_known_of_is_not_asked_of_the_database_again(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    crossings = Crossings()
    limit = make_limit()
    period = make_period(limit, nanodollars=9 * DOLLAR)
    crossings.note([period])
    crossings.committed([period])
    LimitAlert.objects.all().delete()
    crossings.note([period])
    assert noted() == []


def test_a_transaction_that_was_rolled_back_leaves_nothing_known() -> None:
    crossings = Crossings()
    period = make_period(make_limit(), nanodollars=9 * DOLLAR)
    crossings.note([period])
    LimitAlert.objects.all().delete()  # as a rollback does
    crossings.note([period])
    assert noted() == [50, 80]


def test_a_raise_moves_the_thresholds_for_whom_it_is() -> None:
    limit = make_limit(amount=Decimal(10), thresholds=[100])
    LimitChange.objects.create(
        limit=limit, share="u1", amount=Decimal(40), until=timezone.now() + timedelta(days=1)
    )
    LimitChange.objects.create(
        limit=limit, share="u2", amount=Decimal(40), until=timezone.now() - timedelta(days=1)
    )
    assert (amount_now(limit, "u1"), amount_now(limit, "u2")) == (40 * DOLLAR, 10 * DOLLAR)
    shares = [make_period(limit, share, nanodollars=12 * DOLLAR) for share in ("u1", "u2")]
    Crossings().note(shares)
    assert list(LimitAlert.objects.values_list("share", flat=True)) == ["u2"]


def test_a_limit_of_nothing_or_one_that_is_off_tells_nobody() -> None:
    nothing = make_limit("nothing", amount=Decimal(0))
    off = make_limit("off", is_enabled=False)
    Crossings().note([make_period(each, nanodollars=20 * DOLLAR) for each in (nothing, off)])
    assert noted() == []

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from limits.alerts.crossings import LOOK_SECONDS, Crossings, amount_now
from limits.marks import Mark
from limits.models import Limit, LimitAlert, LimitChange
from limits.quantities import Quantities
from tests.limits.rows import make_limit
from tests.resilience.clocks import Clock

DOLLAR = 10**9
START = 1_790_000_000

pytestmark = pytest.mark.django_db


def noted() -> list[int]:
    return sorted(LimitAlert.objects.values_list("threshold", flat=True))


def used(limit: Limit, nanodollars: int, share: str = "u1", start: int = START) -> Any:
    return {Mark(limit.pk, share, start): Quantities(nanodollars=nanodollars)}


def test_each_threshold_that_was_passed_is_noted_once() -> None:
    limit = make_limit(amount=Decimal(10))
    first, second = Crossings(), Crossings()
    first.note(used(limit, 5 * DOLLAR))
    assert noted() == [50]
    first.note(used(limit, 11 * DOLLAR))
    second.note(used(limit, 11 * DOLLAR))
    assert noted() == [50, 80, 95, 100]


def test_one_nanodollar_below_a_threshold_is_below() -> None:
    limit, crossings = make_limit(amount=Decimal(10)), Crossings()
    crossings.note(used(limit, 8 * DOLLAR - 1))
    assert noted() == [50]
    crossings.note(used(limit, 8 * DOLLAR))
    assert noted() == [50, 80]


def test_another_share_and_another_period_have_alerts_of_their_own() -> None:
    limit = make_limit(thresholds=[100])
    Crossings().note(
        used(limit, 10 * DOLLAR)
        | used(limit, 10 * DOLLAR, share="u2")
        | used(limit, 10 * DOLLAR, start=START + 86400)
    )
    assert LimitAlert.objects.count() == 3


def test_between_thresholds_the_database_is_asked_for_nothing(
    django_assert_num_queries: Any,
) -> None:
    crossings, limit = Crossings(), make_limit()
    crossings.note(used(limit, 6 * DOLLAR))
    with django_assert_num_queries(0):
        crossings.note(used(limit, 8 * DOLLAR - 1))


def test_a_limit_that_was_lowered_is_noticed_within_a_minute() -> None:
    clock, limit = Clock(), make_limit(thresholds=[100])
    crossings = Crossings(clock)
    crossings.note(used(limit, 6 * DOLLAR))
    limit.amount = Decimal(5)
    limit.save()
    clock.now += LOOK_SECONDS
    crossings.note(used(limit, 6 * DOLLAR))
    assert noted() == [100]


def test_a_raise_moves_the_thresholds_for_whom_it_is() -> None:
    limit = make_limit(amount=Decimal(10), thresholds=[100])
    for share, days in (("u1", 1), ("u2", -1)):
        until = timezone.now() + timedelta(days=days)
        LimitChange.objects.create(limit=limit, share=share, amount=Decimal(40), until=until)
    assert (amount_now(limit, "u1"), amount_now(limit, "u2")) == (40 * DOLLAR, 10 * DOLLAR)
    Crossings().note(used(limit, 12 * DOLLAR) | used(limit, 12 * DOLLAR, share="u2"))
    assert list(LimitAlert.objects.values_list("share", flat=True)) == ["u2"]


def test_a_limit_of_nothing_or_one_that_is_off_tells_nobody() -> None:
    nothing = make_limit("nothing", amount=Decimal(0))
    off = make_limit("off", is_enabled=False)
    Crossings().note(used(nothing, 20 * DOLLAR) | used(off, 20 * DOLLAR))
    assert noted() == []

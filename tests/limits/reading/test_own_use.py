"""What is used of a caller's limits: as the meters know it, else as the database has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from channels.db import database_sync_to_async

from limits.book import Book
from limits.choices import Metric, Mode, Share, SubjectKind, Window
from limits.meters.interface import Ask, Base, MetersUnavailableError, Reading
from limits.meters.memory import MemoryMeters
from limits.models import Limit, Period
from limits.reading.own_use import OwnUse, question, uses_of
from tests.limits.limits import a_limit
from tests.limits.rules import a_rule
from tests.support.builders import a_caller

NOW = datetime(2026, 11, 28, 21, 30, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2026, 11, 29, tzinfo=UTC).timestamp()
CALLER = a_caller()
MINUTE = {"share": Share.EACH_USER, "window": Window.MINUTE}


def meters() -> MemoryMeters:
    return MemoryMeters(clock=lambda: NOW)


class AwayMeters(MemoryMeters):
    async def read(self, asks: Sequence[Ask]) -> tuple[Reading | None, ...]:
        raise MetersUnavailableError


async def uses(*rules, of: MemoryMeters | None = None, caller=CALLER) -> list[OwnUse]:
    return await uses_of(caller, Book(rules), meters() if of is None else of, now=NOW)


async def test_a_caller_has_the_limits_of_all_that_they_are_part_of() -> None:
    caller = a_caller(group_ids=frozenset({3}))
    kinds = [
        (SubjectKind.EVERYONE, ""),
        (SubjectKind.GROUP, "3"),
        (SubjectKind.USER, "7"),
        (SubjectKind.KEY, caller.key_id.hex),
        (SubjectKind.GROUP, "4"),
        (SubjectKind.USER, "8"),
        (SubjectKind.CONNECTION, "7"),
    ]
    rules = [
        a_rule(id=n, label=f"{n}", subject_kind=kind, subject_id=id_, **MINUTE)
        for n, (kind, id_) in enumerate(kinds)
    ]
    found = await uses(*reversed(rules), caller=caller)
    assert [use.rule.label for use in found] == ["0", "1", "2", "3"]


async def test_a_limit_that_only_counts_is_told_to_nobody() -> None:
    assert await uses(a_rule(mode=Mode.SHADOW, **MINUTE)) == []
    assert len(await uses(a_rule(mode=Mode.WARN, **MINUTE))) == 1


@pytest.mark.parametrize(
    ("fields", "used", "resets_at"),
    [
        ({"window": Window.MINUTE}, 3, NOW + 18.0),
        ({"window": Window.DAY}, 3, MIDNIGHT),
        ({"window": Window.TOTAL}, 3, None),
        ({"window": Window.NONE, "metric": Metric.CONCURRENCY}, 3, None),
    ],
)
async def test_what_is_used_is_read_from_the_meters(fields, used, resets_at) -> None:
    rule = a_rule(share=Share.EACH_USER, **fields)
    store = meters()
    for number in range(3):
        ask = question(next_of(rule), NOW)._replace(typical=1, worst=1)
        await store.seed([Base(ask.meter, 0, 0, ask.ends_at)] if ask.ends_at else [])
        await store.take(f"req_{number}", [ask])
    (use,) = await uses(rule, of=store)
    assert (use.amount, use.used) == (10, used)
    assert use.resets_at == (None if resets_at is None else pytest.approx(resets_at))


def next_of(rule):
    (matched,) = Book([rule]).meters_for(CALLER, "m", "chat/completions")
    return matched


async def test_nothing_used_of_a_bucket_is_never_reset() -> None:
    (use,) = await uses(a_rule(**MINUTE))
    assert (use.used, use.resets_at) == (0, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("store", [MemoryMeters, AwayMeters])
async def test_a_period_that_the_meters_do_not_know_is_read_from_the_database(store) -> None:
    limit = await database_sync_to_async(a_limit_with_a_period)()
    rule = a_rule(id=limit.pk, metric=Metric.TOKENS, share=Share.EACH_USER)
    (use,) = await uses(rule, of=store(clock=lambda: NOW))
    assert (use.used, use.resets_at) == (120, MIDNIGHT)


def a_limit_with_a_period() -> Limit:
    limit = a_limit(metric="tokens", window="day", share="each_user")
    Period.objects.create(
        limit=limit,
        share="u7",
        start=int(datetime(2026, 11, 28, tzinfo=UTC).timestamp()),
        end=int(MIDNIGHT),
        records=1,
        requests=1,
        input_tokens=100,
        output_tokens=20,
    )
    return limit


async def test_without_meters_nobody_can_say_what_is_used_of_a_rate() -> None:
    (use,) = await uses(a_rule(**MINUTE), of=AwayMeters(clock=lambda: NOW))
    assert (use.amount, use.used) == (10, None)

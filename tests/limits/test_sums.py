"""The sum of the ledger is the sum of the periods, whatever happens on the way."""

from __future__ import annotations

import random
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from operator import add
from pathlib import Path

import pytest
from django.db import connections

from limits.counting.periods import periods
from limits.counting.rebuilding import fill, rebuild
from limits.marks import Mark, read_mark
from limits.models import Limit, Period
from limits.quantities import Quantities, nanodollars
from limits.windows import span_of, zone_of
from tests.limits.limits import a_limit
from tests.limits.random_records import random_price, random_record
from usage.flusher import move_segment
from usage.journal import Journal, segments
from usage.models import Price, UsageRow

pytestmark = pytest.mark.django_db(transaction=True)

RECORDS = 10_000
USERS = range(1, 8)


@pytest.fixture
def limits():
    """Of everyone together, of each user, and one that is deleted before anything is stored."""
    chance = random.Random(1)
    Price.objects.bulk_create(random_price(chance) for _ in range(30))
    pool, each, gone = a_limit(), a_limit(share="each_user", metric="tokens"), a_limit()
    gone_id = gone.pk
    gone.delete()
    return pool, each, Limit(pk=gone_id)


def marked_records(limits, chance):
    """Records of this month, each with the marks of its user."""
    pool, each, gone = limits
    now = datetime.now(UTC).timestamp()
    start = span_of("month", zone_of(""), now).start
    for number in range(RECORDS):
        user = chance.choice(USERS)
        marks = [f"{pool.pk}::{start}", f"{each.pk}:u{user}:{start}", f"{gone.pk}::{start}"]
        some = [mark for mark in marks if chance.random() < 0.8]
        yield random_record(chance, number, user_id=user, accepted_at=now, limit_marks=some)


def journals_of(records, directory: Path, chance: random.Random) -> list[list[Path]]:
    """Segments for each of two flushers. Half of the records are in both, some twice in one."""
    sides = [chance.choice(["one", "two", "both", "both"]) for _ in records]
    lists: list[list[Path]] = []
    for name in ("one", "two"):
        journal = Journal(directory / name, segment_bytes=400_000)
        mine = [one for one, side in zip(records, sides, strict=True) if side in {name, "both"}]
        twice = mine + chance.sample(mine, len(mine) // 20)
        chance.shuffle(twice)
        for record in twice:
            journal.append(record)
        journal.close()
        lists.append(segments(directory / name))
    return lists


def stored_sums() -> dict[Mark, Quantities]:
    """What the rows say, added up by their marks."""
    sums: dict[Mark, Quantities] = {}
    for row in UsageRow.objects.exclude(limit_marks=None).iterator():
        is_request = row.attempts > 0 or 0 < row.status < 400
        used = Quantities(
            row.limit_requests if is_request else 0,
            row.prompt_tokens or 0,
            row.completion_tokens or 0,
            nanodollars(row.cost),
            int((row.audio_seconds or 0) * 1000 + 0.5),
            (row.images or 0) if row.connection and 0 < row.status < 400 else 0,
        )
        for mark in map(read_mark, row.limit_marks):
            sums[mark] = Quantities(*map(add, sums.get(mark, Quantities()), used))
    return sums


def in_threads(*works):
    """Run ``works`` at once, each with a connection of its own."""
    begin = threading.Barrier(len(works))

    def run(work):
        begin.wait()
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result()


def flush(paths):
    for path in paths:
        move_segment(path)


@pytest.mark.long
def test_the_ledger_and_the_periods_have_the_same_sums(limits, tmp_path):
    chance = random.Random(2)
    records = list(marked_records(limits, chance))
    one, two = journals_of(records, tmp_path, chance)
    kept = [shutil.copy(path, path.with_suffix(".copy")) for path in (*one, *two)]
    told: list = []
    periods.on_flushed = told.extend
    try:
        in_threads(lambda: flush(one), lambda: flush(two))
        first = {Mark(p.limit_id, p.share, p.start): p.quantities for p in Period.objects.all()}
        # Moved again, as by a worker that was killed before it removed them.
        in_threads(lambda: flush(kept[::2]), lambda: flush(kept[1::2]))
    finally:
        periods.on_flushed = None
    gone = limits[2].pk
    expected = {mark: used for mark, used in stored_sums().items() if mark.limit_id != gone}
    after = {Mark(p.limit_id, p.share, p.start): p.quantities for p in Period.objects.all()}
    assert UsageRow.objects.count() == RECORDS
    assert after == first == expected
    assert len(after) == 1 + len(USERS)
    assert all(used.nanodollars > 10**9 for used in after.values())
    # Meters are told the last sums, and of each request that they may hold.
    newest = {base.meter: base for base in sorted(told, key=lambda base: base.records)}
    pool = next(mark for mark in after if mark.share == "")
    assert newest[f"{pool}:usd"].amount == after[pool].nanodollars
    named = {name for base in told if base.meter == f"{pool}:usd" for name in base.reservations}
    assert named == {r.request_id for r in records if str(pool) in r.limit_marks}
    assert not any(one.is_wrong for limit in limits[:2] for one in rebuild(limit))


@pytest.mark.long
def test_no_record_is_counted_twice_while_its_limit_is_counted(limits, tmp_path):
    """Some records bear the mark and some do not, and all are of the limit's subject."""
    chance = random.Random(3)
    one, two = journals_of(list(marked_records(limits, chance)), tmp_path, chance)
    pool, each, _ = limits

    def count_all():
        for _ in range(6):
            fill(pool)
            fill(each)

    in_threads(lambda: flush(one), lambda: flush(two), count_all)
    assert not any(one.is_wrong for limit in (pool, each) for one in rebuild(limit))
    for limit in (pool, each):
        fill(limit)
    total = Period.objects.get(limit=pool).nanodollars
    costs = UsageRow.objects.values_list("cost", flat=True)
    assert total == sum(map(nanodollars, costs)) > 10**9
    assert total == sum(row.nanodollars for row in Period.objects.filter(limit=each))

import random
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from tests.usage.records import a_record
from usage.filling import fill_batch
from usage.histograms import COUNTERS, FIRST_BYTE_COUNTERS, LATENCY_COUNTERS
from usage.hours import TAKEN, TOLD, add, hour_of
from usage.models import Price, UsageDay, UsageHour, UsageRow
from usage.pruning import prune
from usage.reports import By, report
from usage.storing import store
from wire_formats.figures import MOST

NOW = datetime.now(UTC)
SUMMED = ("prompt_tokens", "completion_tokens", "images", "audio_seconds")


def random_record(dice, number):
    """Of one of few users, keys, models and hours, so that many have an hour in common."""
    days = dice.choice((0, 0, 1, 120, 121))
    status = dice.choice((200, 200, 200, 429, 500))
    return a_record(
        request_id=f"req_{number:05}",
        user_id=dice.randrange(3),
        username=dice.choice(("ada", "bob")),
        key_id=UUID(int=dice.randrange(2)),
        model=dice.choice(("gpt-4o", "ö3", "Z")),
        connection=dice.choice(("", "eu")),
        accepted_at=(NOW - timedelta(days=days, minutes=dice.randrange(180))).timestamp(),
        status=status,
        error_code="" if status == 200 else "x",
        prompt_tokens=dice.choice((None, 0, 10, MOST)),
        completion_tokens=dice.randrange(100),
        images=dice.choice((None, 2)),
        audio_seconds=dice.choice((None, 1.5)),
        is_client_gone=dice.random() < 0.1,
        is_streamed=dice.random() < 0.5,
        first_byte_ms=dice.choice((None, 30, 700)),
        duration_ms=dice.choice((1, 50, 51, 3000, 100_000)),
    )


def stored_by_an_older_version(records):
    """Rows that no hour counts, as the version before this one inserts them beside it."""
    store(records)
    names = [record.request_id for record in records]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE usage_usagerow SET is_in_hours = NULL WHERE request_id = %s",
            [[name] for name in names],
        )
    UsageHour.objects.all().delete()


def in_threads(*works):
    """Run ``works`` side by side, and raise what one of them raised."""

    def run(work):
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result()


def recent(records):
    """Those that are not pruned: of the others nobody could tell whether they were stored."""
    begin = (NOW - timedelta(days=80)).timestamp()
    return [one for one in records if one.accepted_at > begin]


def in_all(name):
    totals = (*UsageHour.objects.all(), *UsageDay.objects.all())
    return sum(getattr(total, name) for total in totals)


def in_all_hours(name):
    return sum(UsageHour.objects.values_list(name, flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(3))
def test_a_request_is_counted_once_whoever_counts_it_and_when(seed):
    """Two flushers with some of the same records, a fill of older rows, and pruning."""
    dice = random.Random(seed)
    records = [random_record(dice, number) for number in range(600)]
    older, newer = records[:200], records[200:]
    stored_by_an_older_version(older)

    def flush(some):
        for start in range(0, len(some), 70):
            store(some[start : start + 70])

    def fill():
        while fill_batch(most=30):
            pass

    in_threads(
        lambda: flush(newer[:300]),
        lambda: flush([*recent(older), *recent(newer[:300]), *newer[300:]]),
        fill,
        lambda: prune(timedelta(days=90), batch=40),
    )
    flush(recent(records))
    fill()
    for name in SUMMED:
        assert in_all(name) == sum(getattr(one, name) or 0 for one in records), name
    assert in_all("requests") == len(records)
    assert in_all("failed") == sum(one.status >= 400 for one in records)
    prune(timedelta(days=90))
    assert in_all("requests") == len(records)
    assert not UsageHour.objects.filter(hour__lt=NOW - timedelta(days=91)).exists()
    assert UsageRow.objects.count() == len(recent(records))


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no snapshot for readers")
@pytest.mark.django_db(transaction=True)
def test_a_report_is_right_while_rows_move_to_their_hours():
    dice = random.Random(3)
    records = [random_record(dice, number) for number in range(400)]
    stored_by_an_older_version(records)
    found = set()

    def fill():
        while fill_batch(most=20):
            pass

    def read():
        while UsageRow.objects.filter(is_in_hours__isnull=True).exists():
            lines = report(By.MODEL, since=NOW - timedelta(days=200), until=NOW + timedelta(days=1))
            found.add(sum(line.requests for line in lines))

    in_threads(fill, read)
    assert found <= {len(records)}
    assert sum(hour.requests for hour in UsageHour.objects.all()) == len(records)


def of_rows(since, until, *, by):
    """Requests and tokens of a period by adding up rows one by one."""
    sums = Counter()
    zone = timezone.get_default_timezone()
    for row in UsageRow.objects.filter(accepted_at__gte=since, accepted_at__lt=until):
        local = row.accepted_at.astimezone(zone)
        names = {
            By.MODEL: row.model,
            By.DAY: f"{local:%Y-%m-%d}",
            By.HOUR: f"{local:%Y-%m-%d %H:00}",
        }
        sums[names[by]] += 1_000_000 + (row.completion_tokens or 0)
    return dict(sums)


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"])
@pytest.mark.parametrize("by", [By.MODEL, By.DAY, By.HOUR])
def test_a_report_is_what_the_rows_come_to_in_every_time_zone(settings, zone, by):
    settings.TIME_ZONE = zone
    dice = random.Random(7)
    records = [random_record(dice, number) for number in range(200)]
    stored_by_an_older_version(records[:60])
    store(records[60:])
    for days, minutes in ((200, 0), (1, 7), (121, 33), (2, 600)):
        since = NOW - timedelta(days=days, minutes=minutes)
        for until in (NOW + timedelta(hours=1), NOW - timedelta(minutes=43)):
            found = {
                line.group: line.requests * 1_000_000 + line.completion_tokens
                for line in report(by, since=since, until=until)
            }
            assert found == of_rows(since, until, by=by)


@pytest.mark.django_db
def test_an_hour_knows_how_long_requests_took():
    well = {"is_streamed": True, "first_byte_ms": 100}
    records = [
        a_record(request_id="req_1", duration_ms=50, **well),
        a_record(request_id="req_2", duration_ms=51, first_byte_ms=100, is_streamed=False),
        a_record(request_id="req_3", duration_ms=10**6, is_streamed=True, first_byte_ms=None),
        a_record(request_id="req_4", duration_ms=7, status=500, **well),
    ]
    store([replace(one, accepted_at=NOW.timestamp()) for one in records])
    hour = UsageHour.objects.get()
    latency = [getattr(hour, name) for name in LATENCY_COUNTERS]
    assert latency == [1, 1] + [0] * (COUNTERS - 3) + [1]
    assert [getattr(hour, name) for name in FIRST_BYTE_COUNTERS] == [0, 1] + [0] * (COUNTERS - 2)
    assert (hour.requests, hour.failed, hour.duration_ms) == (4, 1, 10**6 + 108)


@pytest.mark.django_db
def test_an_hour_tells_failures_from_clients_that_left():
    store(
        [
            a_record(request_id="req_1", status=502, error_code="upstream_error"),
            a_record(request_id="req_2", status=499, is_client_gone=True),
            a_record(request_id="req_3", is_client_gone=True),
        ]
    )
    assert [in_all_hours(name) for name in ("failed", "client_gone", "left_unanswered")] == [
        2,
        2,
        1,
    ]


@pytest.mark.django_db
def test_an_hour_knows_what_was_paid_and_what_has_no_price():
    Price.objects.create(
        model="gpt-4o", per_request=Decimal("0.1"), valid_from=NOW - timedelta(days=9)
    )
    store(
        [
            a_record(
                request_id=f"req_{n}",
                accepted_at=NOW.timestamp(),
                model=model,
                upstream_model=model,
            )
            for n, model in enumerate(["gpt-4o", "gpt-4o", "o3"])
        ]
    )
    hours = {
        hour.model: (hour.requests, hour.cost, hour.unpriced) for hour in UsageHour.objects.all()
    }
    assert hours == {"gpt-4o": (2, Decimal("0.2"), 0), "o3": (1, Decimal(0), 1)}


@pytest.mark.django_db
def test_an_unbelievable_figure_of_an_older_version_is_not_added():
    values = defaultdict(int, accepted_at=NOW, status=200, key_id=UUID(int=1), cost=None)
    values |= dict.fromkeys(TOLD, 2**63 - 1)
    values |= dict.fromkeys(("username", "key_hint", "model", "connection", "error_code"), "")
    add([tuple(values[name] for name in TAKEN)])
    hour = UsageHour.objects.get()
    assert [getattr(hour, name) for name in TOLD] == [0] * len(TOLD)
    assert hour.requests == 1


@pytest.mark.parametrize(
    ("zone", "moment", "begin"),
    [
        ("UTC", "2026-05-01T10:59:59+00:00", "2026-05-01T10:00:00+00:00"),
        ("Asia/Kolkata", "2026-05-01T18:30:00+00:00", "2026-05-01T18:30:00+00:00"),
        ("Asia/Kolkata", "2026-05-01T18:29:00+00:00", "2026-05-01T17:30:00+00:00"),
        ("Europe/Berlin", "2026-10-25T01:20:00+00:00", "2026-10-25T01:00:00+00:00"),
    ],
)
def test_an_hour_begins_with_that_of_the_time_zone(settings, zone, moment, begin):
    settings.TIME_ZONE = zone
    assert hour_of(datetime.fromisoformat(moment)) == datetime.fromisoformat(begin)

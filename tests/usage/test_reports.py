import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from accounts.models import User
from tests.usage.records import a_record
from usage.models import Price, UsageDay, UsageRow
from usage.periods import PeriodError, read_moment
from usage.pruning import prune
from usage.reports import By, report
from usage.storing import store

NOW = datetime.now(UTC)


def days_ago(days):
    return (NOW - timedelta(days=days)).timestamp()


def stored(*requests):
    """Rows of ``(user_id, username, model, days ago)``."""
    store(
        [
            a_record(
                request_id=f"req_{n:06d}",
                user_id=user_id,
                username=username,
                model=model,
                upstream_model=model,
                accepted_at=days_ago(days),
            )
            for n, (user_id, username, model, days) in enumerate(requests)
        ]
    )


def lines(by, days=400, **options):
    found = report(by, since=NOW - timedelta(days=days), until=NOW + timedelta(1), **options)
    return {line.group: line for line in found}


@pytest.fixture
def requests(db):
    Price.objects.create(model="gpt-4o", per_request=2, valid_from=NOW - timedelta(days=900))
    stored(
        (1, "ada", "gpt-4o", 0),
        (1, "ada", "o3", 1),
        (2, "bob", "gpt-4o", 100),
        (2, "bob", "gpt-4o", 200),
    )


@pytest.mark.parametrize("is_pruned", [False, True], ids=["rows", "totals"])
@pytest.mark.parametrize(
    ("by", "counts"),
    [
        (By.USER, {"ada": 2, "bob": 2}),
        (By.MODEL, {"gpt-4o": 3, "o3": 1}),
        (By.CONNECTION, {"openai": 4}),
        (By.KEY, {"sk-gw-…7777": 4}),
    ],
)
def test_a_report_counts_rows_and_totals_alike(requests, by, counts, is_pruned):
    if is_pruned:
        prune(timedelta(days=90))
    found = lines(by)
    assert {group: line.requests for group, line in found.items()} == counts
    assert sum(line.cost for line in found.values()) == Decimal(6)
    assert sum(line.unpriced for line in found.values()) == 1
    assert sum(line.prompt_tokens for line in found.values()) == 4000


@pytest.mark.django_db
def test_every_kind_of_token_outlives_its_rows():
    told = {"cached_tokens": 3, "cache_write_tokens": 5, "reasoning_tokens": 7}
    told |= {"audio_prompt_tokens": 11, "audio_completion_tokens": 13}
    store([a_record(request_id=f"req_{n}", accepted_at=days_ago(100), **told) for n in "ab"])
    for _ in ("rows", "totals"):
        (line,) = lines(By.USER).values()
        assert {name: getattr(line, name) for name in told} == {
            name: 2 * count for name, count in told.items()
        }
        prune(timedelta(days=90))


def test_days_are_in_their_order(requests):
    prune(timedelta(days=150))
    assert list(lines(By.DAY)) == [
        (NOW - timedelta(days=days)).date().isoformat() for days in (200, 100, 1, 0)
    ]


def test_a_period_has_a_begin_and_an_end(requests):
    assert set(lines(By.USER, days=7)) == {"ada"}


@pytest.mark.django_db
def test_a_day_that_was_pruned_belongs_to_one_month():
    may, june = (datetime(2025, month, 1, tzinfo=UTC) for month in (5, 6))
    store([a_record(accepted_at=june.timestamp() + 60)])
    for _ in ("row", "total"):
        assert report(By.USER, since=may, until=june) == ()
        assert len(report(By.USER, since=june, until=june + timedelta(days=30))) == 1
        prune(timedelta(days=90))


def test_one_user_sees_their_own(requests):
    assert set(lines(By.USER, user_id=2)) == {"bob"}


def test_pruning_leaves_rows_of_later_days(requests):
    assert prune(timedelta(days=90)) == 2
    assert UsageRow.objects.count() == 2
    assert prune(timedelta(days=90)) == 0


def test_totals_of_a_day_grow_when_rows_come_late(requests):
    prune(timedelta(days=90))
    store([a_record(request_id="req_late", user_id=2, username="bob", accepted_at=days_ago(100))])
    prune(timedelta(days=90))
    day = UsageDay.objects.get(day=(NOW - timedelta(days=100)).date())
    assert (day.requests, day.prompt_tokens, day.cost) == (2, 2000, Decimal(4))


def test_pruning_takes_batch_after_batch(db):
    stored(*[(1, "ada", "gpt-4o", 100)] * 5)
    assert prune(timedelta(days=90), batch=2) == 5
    assert UsageDay.objects.get().requests == 5


def test_a_batch_is_not_too_large_for_the_database(db):
    stored(*[(1, "ada", "gpt-4o", 100)] * 1500)
    assert prune(timedelta(days=90)) == 1500


def test_a_dry_run_only_counts(requests, capsys):
    call_command("prune_usage", "--older-than", "90d", "--dry-run")
    assert capsys.readouterr().out.startswith("2 records")
    assert UsageRow.objects.count() == 4


def test_the_command_writes_json(requests, capsys):
    call_command("usage", "--by", "model", "--since", "7d", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert (answer["schema_version"], answer["by"]) == (1, "model")
    assert [(line["group"], line["cost"]) for line in answer["data"]] == [
        ("gpt-4o", "2"),
        ("o3", None),
    ]


def test_the_command_writes_csv_that_no_spreadsheet_runs(db, capsys):
    stored((1, "ada", "=HYPERLINK(1)", 0))
    call_command("usage", "--by", "model", "--csv")
    head, line = csv.reader(io.StringIO(capsys.readouterr().out))
    assert (head[:2], line[:2]) == (["model", "requests"], ["'=HYPERLINK(1)", "1"])


def test_the_command_writes_a_table(requests, capsys):
    User.objects.create_user("bob", id=2)
    call_command("usage", "--user", "bob", "--since", "400d")
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.splitlines()[-2].split() == ["bob", "2", "0", "2.0k", "200", "$4.00"]


def test_the_table_says_what_is_not_known(requests, capsys):
    call_command("usage", "--by", "model", "--since", "400d", "--limit", "1")
    shown = capsys.readouterr().out.splitlines()
    assert shown[4] == "cost $6.00+ (1 requests without a price)"
    assert shown[-2].split()[:3] == ["…", "1", "more"]
    assert shown[-2].endswith("unknown")
    assert shown[-1].split()[:2] == ["total", "4"]


def test_long_names_leave_room_for_the_figures(db, capsys):
    stored((1, "ada", "a" * 256, 0))
    call_command("usage", "--by", "model")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_pruned_days_are_said(requests, capsys):
    prune(timedelta(days=90))
    call_command("usage", "--since", "400d")
    first, last = (f"{NOW - timedelta(days=days):%Y-%m-%d}" for days in (200, 100))
    assert f"Days from {first} to {last} are pruned" in capsys.readouterr().out
    call_command("usage", "--since", "400d", "--json")
    assert json.loads(capsys.readouterr().out)["total"]["pruned_days"] == [first, last]


def test_percentiles_are_of_what_did_not_fail(db, capsys):
    done = [a_record(request_id=f"req_{n}", duration_ms=n) for n in range(1, 101)]
    store([*done, a_record(request_id="req_x", duration_ms=9000, status=500)])
    call_command("usage", "--json")
    total = json.loads(capsys.readouterr().out)["total"]
    assert (total["p50_ms"], total["p95_ms"]) == (50, 95)


def test_a_report_by_group_counts_members(requests):
    ada = User.objects.create_user("ada", id=1)
    ada.groups.add(Group.objects.create(name="red"), Group.objects.create(name="blue"))
    found = lines(By.GROUP)
    assert {group: line.requests for group, line in found.items()} == {
        "red": 2,
        "blue": 2,
        "(no group)": 2,
    }


def test_hours_and_months_are_in_their_order(requests):
    prune(timedelta(days=90))
    hours, months = lines(By.HOUR), lines(By.MONTH)
    assert list(hours)[-1] == f"{NOW:%Y-%m-%d %H:00}"
    assert f"{NOW - timedelta(days=200):%Y-%m-%d}" in hours
    assert sum(line.requests for line in months.values()) == 4
    assert list(months) == sorted({f"{NOW - timedelta(days=n):%Y-%m}" for n in (200, 100, 1, 0)})


def test_days_begin_at_midnight_of_the_time_zone(db, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    evening = datetime(2026, 4, 30, 20, tzinfo=UTC)
    store([a_record(accepted_at=evening.timestamp())])
    may, june = read_moment("2026-05"), read_moment("2026-05", is_end=True)
    for _ in ("row", "total"):
        for by, group in ((By.DAY, "2026-05-01"), (By.MONTH, "2026-05")):
            assert [line.group for line in report(by, since=may, until=june)] == [group]
        prune(timedelta(days=90))


@pytest.mark.parametrize("options", [("--since", "yesterday"), ("--user", "nobody")])
def test_the_command_says_what_it_cannot_read(db, options):
    with pytest.raises(CommandError) as caught:
        call_command("usage", *options)
    assert caught.value.returncode == 2


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("7d", datetime(2026, 6, 8, tzinfo=UTC)),
        ("12h", datetime(2026, 6, 14, 12, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T12:00+02:00", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("4w", datetime(2026, 5, 18, tzinfo=UTC)),
        ("2026-05", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T14", datetime(2026, 5, 1, 14, tzinfo=UTC)),
        ("2026-05-01 14:30", datetime(2026, 5, 1, 14, 30, tzinfo=UTC)),
    ],
)
def test_moments_are_read(text, moment):
    assert read_moment(text, now=datetime(2026, 6, 15, tzinfo=UTC)) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-05-31", datetime(2026, 6, 1, tzinfo=UTC)),
        ("2026-05-01T23", datetime(2026, 5, 2, tzinfo=UTC)),
        ("2026-05-01T12:00", datetime(2026, 5, 1, 12, tzinfo=UTC)),
        ("7d", datetime(2026, 6, 8, tzinfo=UTC)),
    ],
)
def test_an_end_includes_its_month_day_or_hour(text, moment):
    assert read_moment(text, now=datetime(2026, 6, 15, tzinfo=UTC), is_end=True) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-29", datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("2026-03-30", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("2026-07-01T08:00", datetime(2026, 7, 1, 6, tzinfo=UTC)),
    ],
)
def test_times_without_a_zone_are_in_that_of_the_settings(settings, text, moment):
    settings.TIME_ZONE = "Europe/Berlin"
    assert read_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "7",
        "-7d",
        "999999w",
        "2026-13-01",
        "2026-13",
        "2026-05-01T25",
        "२०२६-05-01",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-14:00",
        "0001-01-01",
    ],
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(PeriodError):
        read_moment(text)


@pytest.mark.django_db
@pytest.mark.parametrize("is_pruned", [False, True], ids=["rows", "totals"])
def test_users_of_one_name_are_told_apart(is_pruned):
    alice = User.objects.create(username="alice")
    stored((alice.pk, "alice", "o3", 9), (900, "alice", "o3", 99), (901, "bob", "o3", 9))
    if is_pruned:
        prune(timedelta(days=50))
    assert {name: line.requests for name, line in lines(By.USER).items()} == {
        "alice": 1,
        "alice (id 900)": 1,
        "bob": 1,
    }


@pytest.mark.django_db
def test_who_was_renamed_has_one_line():
    stored((7, "alice", "o3", 9))
    User.objects.create(pk=7, username="alice.brown")
    assert set(lines(By.USER)) == {"alice.brown"}

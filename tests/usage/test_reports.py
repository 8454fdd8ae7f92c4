import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
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
        ("o3", "0"),
    ]


def test_the_command_writes_csv_that_no_spreadsheet_runs(db, capsys):
    stored((1, "ada", "=HYPERLINK(1)", 0))
    call_command("usage", "--by", "model", "--csv")
    head, line = csv.reader(io.StringIO(capsys.readouterr().out))
    assert (head[:2], line[:2]) == (["model", "requests"], ["'=HYPERLINK(1)", "1"])


def test_the_command_writes_a_table(requests, capsys):
    User.objects.create_user("bob", id=2)
    call_command("usage", "--user", "bob", "--since", "400d")
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["bob", "2"]


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
    ],
)
def test_moments_are_read(text, moment):
    assert read_moment(text, now=datetime(2026, 6, 15, tzinfo=UTC)) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "7",
        "-7d",
        "999999w",
        "2026-13-01",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-14:00",
        "0001-01-01",
    ],
)
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(PeriodError):
        read_moment(text)

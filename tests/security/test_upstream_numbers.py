"""Numbers of an upstream that cannot be true: not stored, and no report breaks on them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from proxy.websockets.counting import count_message
from tests.support.api import CHAT, chat_body
from tests.support.builders import an_exchange
from tests.support.responders import json_response, sse
from tests.usage.records import a_record
from tests.usage.rows import row_of
from usage.journal import Journal
from usage.models import Price, UsageDay, UsageHour, UsageRow
from usage.pruning import prune
from usage.record import UsageRecord
from usage.reports import By, report
from usage.storing import store
from wire_formats.figures import MOST
from wire_formats.messages.dialect import MESSAGES
from wire_formats.token_counts import Tokens, read_messages_usage, read_usage

NOW = datetime.now(UTC)
LONG_AGO = (NOW - timedelta(days=200)).timestamp()
HOSTILE = [10**20, 2**63, 2**63 - 1, 2**62, MOST + 1, -1]
COUNTS = ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")
DELTA = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
EMBEDDINGS, TRANSCRIPTIONS = "/v1/embeddings", "/v1/audio/transcriptions"
RESPONSES = "/v1/responses"


def a_usage(number):
    return {
        "prompt_tokens": number,
        "completion_tokens": number,
        "total_tokens": number,
        "prompt_tokens_details": {"cached_tokens": number, "cache_write_tokens": number},
        "completion_tokens_details": {"reasoning_tokens": number},
        "cost": number,
    }


def assert_believable(row):
    for name in (*COUNTS, "cache_write_tokens", "audio_seconds", "characters"):
        assert row[name] is None or 0 <= row[name] <= MOST, name


# Against a live gateway.


@pytest.mark.acceptance
@pytest.mark.parametrize("number", HOSTILE)
@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_a_chat_is_estimated_where_its_counts_cannot_be_true(
    gateway, alice, upstream, number, is_stream
):
    whole = json_response({"choices": [], "usage": a_usage(number)})
    last = {"choices": [], "usage": a_usage(number)}
    upstream.on("POST", CHAT, sse(DELTA, FINISH, last) if is_stream else whole)
    answer = alice.post(CHAT, json=chat_body("open", stream=is_stream))
    assert answer.status_code == 200
    row = row_of(gateway, answer.headers["x-request-id"])
    assert row["tokens_from"] == "estimated"
    assert_believable(row)


@pytest.mark.acceptance
def test_every_other_endpoint_takes_no_such_number(gateway, alice, upstream):
    number = 10**20
    usage = {"input_tokens": number, "output_tokens": number, "prompt_tokens": number}
    upstream.on("POST", EMBEDDINGS, json_response({"data": [], "usage": usage}))
    upstream.on(
        "POST", RESPONSES, json_response({"id": "r", "status": "completed", "usage": usage})
    )
    upstream.on("POST", "/v1/completions", json_response({"choices": [], "usage": usage}))
    upstream.on("POST", "/v1/images/generations", json_response({"data": [], "usage": usage}))
    upstream.on("POST", TRANSCRIPTIONS, json_response({"text": "Hi", "duration": 1e300}))
    answers = [
        alice.post(EMBEDDINGS, json={"model": "open", "input": "Hi"}),
        alice.post(RESPONSES, json={"model": "open", "input": "Hi", "store": False}),
        alice.post("/v1/completions", json={"model": "open", "prompt": "Hi"}),
        alice.post("/v1/images/generations", json={"model": "open", "prompt": "Hi"}),
        alice.post(TRANSCRIPTIONS, data={"model": "open"}, files={"file": ("a.wav", b"RIFF")}),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert_believable(row_of(gateway, answer.headers["x-request-id"]))


@pytest.mark.acceptance
def test_reports_and_metrics_stand_it(gateway, alice, root, upstream):
    upstream.on("POST", CHAT, json_response({"choices": [], "usage": a_usage(2**63 - 1)}))
    for _ in range(3):
        last = alice.post(CHAT, json=chat_body("open"))
    row_of(gateway, last.headers["x-request-id"])
    (line,) = alice.get("/v1/usage", params={"by": "user"}).json()["data"]
    assert 0 <= line["prompt_tokens"] < MOST
    told = json.loads(gateway.manage("usage", "--json").stdout)["data"]
    assert all(0 <= line["prompt_tokens"] < MOST for line in told)
    assert "gen_ai_client_token_usage_sum" in root.get("/metrics").text


# What is read, surface by surface.


@pytest.mark.parametrize("number", [*HOSTILE, 1e20, 1.5, "7", True, None, [], {}])
def test_no_reader_takes_what_is_no_count(number):
    tokens, anthropic, exchange = Tokens(), Tokens(), an_exchange()
    read_usage(a_usage(number), tokens)
    names = ("input_tokens", "cache_read_input_tokens", "output_tokens")
    read_messages_usage(dict.fromkeys(names, number), anthropic)
    message = {"message": {"usage": {"input_tokens": number}}}
    begin = {"type": "message_start"} | message
    MESSAGES.meaning_of(
        b"event: message_start\ndata: %b\n\n" % json.dumps(begin).encode(), anthropic
    )
    ended = {"type": "response.done", "response": {"usage": a_usage(number)}}
    count_message(json.dumps(ended), exchange)
    assert tokens == anthropic == exchange.tokens == Tokens()


def test_the_sum_of_believable_parts_is_believed_no_further():
    tokens = Tokens()
    read_messages_usage({"input_tokens": MOST, "cache_read_input_tokens": MOST}, tokens)
    assert tokens.prompt is None


def test_a_socket_adds_up_no_more_than_one_answer_could_have():
    exchange = an_exchange()
    ended = {"type": "response.done", "response": {"usage": a_usage(MOST)}}
    for _ in range(3):
        count_message(json.dumps(ended), exchange)
    assert exchange.tokens.prompt == MOST


# What an older version wrote down.


@pytest.fixture
def hostile_rows(db):
    """Rows as they are in a database from before, some of them recent and some to be pruned."""
    store(
        [
            a_record(request_id=f"req_{n}", accepted_at=moment)
            for n, moment in enumerate([NOW.timestamp()] * 3 + [LONG_AGO] * 3)
        ]
    )
    names = (*COUNTS, "cache_write_tokens", "characters")
    UsageRow.objects.filter(pk__in=["req_0", "req_1", "req_3", "req_4"]).update(
        **dict.fromkeys(names, 2**63 - 1), audio_seconds=1e300, cost=Decimal(9_999_999_999)
    )
    UsageHour.objects.all().delete()  # the version that stored such rows had none
    UsageRow.objects.update(is_in_hours=None)


def totals():
    lines = report(By.USER, since=NOW - timedelta(days=400), until=NOW + timedelta(1))
    (line,) = lines
    return line.requests, line.prompt_tokens, line.completion_tokens


def test_reports_work_with_such_rows(hostile_rows, admin_client, capsys):
    assert totals() == (6, 2000, 200)
    call_command("usage", "--json", "--since", "400d")
    assert json.loads(capsys.readouterr().out)["data"][0]["prompt_tokens"] == 2000
    page = admin_client.get(reverse("usage_charts"), {"days": 365})
    assert page.status_code == 200


def test_pruning_works_with_such_rows(hostile_rows):
    assert prune(timedelta(days=90)) == 3
    day = UsageDay.objects.get()
    assert (day.requests, day.prompt_tokens) == (3, 1000)
    assert totals() == (6, 2000, 200)


def test_costs_of_a_day_may_be_any_sum(hostile_rows):
    prune(timedelta(days=90))
    assert UsageDay.objects.get().cost == 2 * Decimal(9_999_999_999)


def repair():
    migration = import_module("usage.migrations.0004_believable_figures")
    with connection.schema_editor(atomic=False) as editor:
        migration.repair(apps, editor)


@pytest.mark.django_db(transaction=True)
def test_the_migration_repairs_rows_and_totals():
    store([a_record(request_id=f"req_{n:04d}") for n in range(2005)])
    good = UsageRow.objects.filter(pk="req_2004")
    others = UsageRow.objects.exclude(pk="req_2004")
    others.update(prompt_tokens=2**63 - 1, completion_tokens=MOST + 1, cost=5)
    UsageRow.objects.filter(pk="req_0000").update(completion_tokens=7)
    a_day(user_id=1, requests=2, prompt_tokens=2**63 - 1, audio_seconds=1e300, cost=7)
    a_day(user_id=2, requests=2, prompt_tokens=2 * MOST, audio_seconds=2.5)
    repair()
    assert good.get().prompt_tokens == 1000
    assert set(others.values_list("prompt_tokens", "cost")) == {(None, None)}
    assert UsageRow.objects.get(pk="req_0000").completion_tokens == 7
    assert UsageRow.objects.get(pk="req_0001").tokens_from == "none"
    days = UsageDay.objects.order_by("user_id").values_list(
        "prompt_tokens", "audio_seconds", "cost"
    )
    assert list(days) == [(0, 0, 7), (2 * MOST, 2.5, 0)]
    repair()  # a second time there is nothing to do


def a_day(**fields):
    zeros = dict.fromkeys(
        ("failed", "cached_tokens", "completion_tokens", "reasoning_tokens", "duration_ms"), 0
    )
    texts = {"username": "ada", "key_hint": "k", "model": "m", "connection": "c"}
    who = {"day": NOW.date(), "key_id": a_record().key_id, "unpriced": 0, "cost": 0}
    UsageDay.objects.create(**zeros | texts | who | fields)


@pytest.mark.django_db
def test_a_journal_of_an_older_version_is_bounded_as_it_is_stored(tmp_path):
    Price.objects.create(model="*", input_per_million=1, output_per_million=1)
    journal = Journal(tmp_path)
    hostile = a_record(prompt_tokens=10**20, completion_tokens=10**20, audio_seconds=1e300)
    line = UsageRecord.from_line(hostile.as_line())
    journal.append(hostile)
    store([line])
    row = UsageRow.objects.get()
    assert row.tokens_from == "estimated"
    assert (row.audio_seconds, row.prompt_tokens) == (None, row.bytes_received // 4)


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e300, -1.0])
def test_a_length_that_cannot_be_true_costs_nothing_and_loses_no_record(seconds):
    Price.objects.create(model="*", per_audio_minute=1)
    store([a_record(audio_seconds=seconds, prompt_tokens=None, completion_tokens=None)])
    row = UsageRow.objects.get()
    assert (row.audio_seconds, row.cost) == (None, None)

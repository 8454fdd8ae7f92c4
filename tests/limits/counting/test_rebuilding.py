from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from accounts.models import ApiKey, User
from connections.models import Connection, ConnectionKey
from limits.counting.periods import periods
from limits.counting.rebuilding import fill, rebuild
from limits.models import Period
from limits.quantities import Quantities, nanodollars
from limits.windows import span_of, zone_of
from tests.limits.limits import a_limit, used_of
from tests.limits.random_records import random_price, random_record
from tests.usage.records import a_record
from usage.models import Price, UsageDay, UsageRow
from usage.pruning import prune
from usage.storing import store

pytestmark = pytest.mark.django_db(transaction=True)

ONE = Quantities(1, 1000, 100, 1_200_000)


@pytest.fixture(autouse=True)
def price():
    return Price.objects.create(
        model="gpt-4o",
        input_per_million=1,
        output_per_million=2,
        valid_from="2020-01-01T00:00Z",
    )


@pytest.fixture
def now():
    return datetime.now(UTC).timestamp()


def month(at):
    return span_of("month", zone_of(""), at)


def times(count):
    return Quantities(*(value * count for value in ONE))


def records(count, start=0, **fields):
    return [a_record(request_id=f"req_{start + n}", **fields) for n in range(count)]


def test_a_limit_begins_with_what_its_period_has_seen(now):
    start = month(now).start
    store(records(3, accepted_at=start))
    store(records(2, 10, accepted_at=start - 0.001))
    limit = a_limit()
    assert used_of(limit) == {start: times(3)}
    period = Period.objects.get()
    assert (period.end, period.records, period.filled) == (month(now).end, 3, list(times(3)))


def test_each_share_begins_with_its_own(now):
    store(records(2, accepted_at=now) + records(1, 10, accepted_at=now, user_id=8))
    users, keys = a_limit(share="each_user"), a_limit(share="each_key")
    start = month(now).start
    assert used_of(users, "u7") == {start: times(2)}
    assert used_of(users, "u8") == {start: times(1)}
    assert used_of(keys, f"k{a_record().key_id.hex}") == {start: times(3)}


def test_patterns_and_endpoints_choose_what_counts(now):
    store(records(1, accepted_at=now, model="fast"))
    store(records(2, 10, accepted_at=now, endpoint="embeddings"))
    chats = a_limit(endpoints=["chat/*"])
    assert used_of(chats)[month(now).start].requests == 1
    assert used_of(a_limit(model_patterns=["fa*"]))[month(now).start].requests == 1
    # By the name that tells the connection, too, as requests are matched.
    assert used_of(a_limit(model_patterns=["openai/gpt-4o"]))[month(now).start].requests == 3
    assert used_of(a_limit(model_patterns=["other"])) == {}


def test_the_subject_chooses_what_counts(now):
    ada, eve = (User.objects.create(username=name) for name in ("ada", "eve"))
    key, _ = ApiKey.objects.issue(ada)
    group = Group.objects.create(name="research")
    group.user_set.add(eve)
    one, two = (
        Connection.objects.create(name=name, base_url="http://127.0.0.1/v1")
        for name in ("one", "two")
    )
    store(records(1, 0, accepted_at=now, user_id=ada.pk, key_id=key.pk, connection="one"))
    store(records(2, 10, accepted_at=now, user_id=ada.pk, connection="two"))
    store(records(4, 20, accepted_at=now, user_id=eve.pk, connection="three"))
    of_connection = ConnectionKey.objects.create(connection=two, environment_variable="KEY")
    found = [
        used_of(a_limit(subject_kind=kind, **{kind: subject}))
        for kind, subject in [
            ("user", ada),
            ("key", key),
            ("group", group),
            ("connection", one),
            ("connection_key", of_connection),
        ]
    ]
    start = month(now).start
    assert found == [{start: times(3)}, {start: ONE}, {start: times(4)}, {start: ONE}, {}]


def test_what_bears_the_mark_is_counted_once(now):
    limit = a_limit()
    start = month(now).start
    mark = f"{limit.pk}::{start}"
    store(records(3, accepted_at=now, limit_marks=[mark]))
    store(records(2, 10, accepted_at=now))
    assert used_of(limit) == {start: times(3)}
    fill(limit)
    fill(limit)
    assert used_of(limit) == {start: times(5)}
    assert Period.objects.get().filled == list(times(2))
    store(records(1, 20, accepted_at=now, limit_marks=[mark]))
    assert used_of(limit) == {start: times(6)}


@pytest.mark.parametrize("fields", [{"is_enabled": False}, {"window": "hour"}])
def test_a_limit_that_stores_nothing_begins_with_nothing(now, fields):
    store(records(1, accepted_at=now))
    a_limit(**fields)
    assert not Period.objects.exists()


def test_a_limit_is_filled_when_what_it_counts_changes(now):
    limit = a_limit(is_enabled=False)
    store(records(2, accepted_at=now) + records(1, 10, accepted_at=now, model="fast"))
    start = month(now).start
    limit.is_enabled = True
    limit.save()
    assert used_of(limit) == {start: times(3)}
    limit.model_patterns = ["fast"]
    limit.save()
    assert used_of(limit) == {start: ONE}
    store(records(1, 20, accepted_at=now, model="fast"))
    limit.amount = Decimal(7)
    limit.save()
    assert used_of(limit) == {start: ONE}


def test_meters_are_told_of_what_was_filled(now):
    store(records(2, accepted_at=now))
    told = []
    periods.on_flushed = told.extend
    try:
        limit = a_limit(metric="tokens")
        fill(limit)
    finally:
        periods.on_flushed = None
    name = f"{limit.pk}::{month(now).start}:tokens"
    assert [(base.meter, base.amount) for base in told] == [(name, 2200)] * 2
    assert told[0].records < told[1].records


def test_days_that_are_pruned_count(now):
    earlier = now - 40 * 86400
    store(records(3, accepted_at=earlier) + records(2, 10, accepted_at=now))
    prune(timedelta(days=30))
    assert UsageDay.objects.count() == 1
    limit = a_limit(window="total")
    assert used_of(limit) == {0: times(5)}
    # Totals do not tell the endpoint, so that nothing of them counts.
    assert used_of(a_limit(window="total", endpoints=["chat/*"])) == {0: times(2)}
    assert [one.is_complete for one in rebuild(limit)] == [False]


def test_no_period_gets_smaller_for_what_was_pruned(now):
    limit = a_limit(window="total", endpoints=["chat/*"])
    mark = f"{limit.pk}::0"
    store(records(3, accepted_at=now - 40 * 86400, limit_marks=[mark]))
    prune(timedelta(days=30))
    fill(limit)
    assert used_of(limit) == {0: times(3)}


def test_a_period_that_is_wrong_is_found_and_put_right(now):
    store(records(1, accepted_at=now))
    limit = a_limit(share="each_user")
    start = month(now).start
    marks = [f"{limit.pk}:u7:{start}"]
    store(records(2, 10, accepted_at=now, limit_marks=marks))
    (right,) = rebuild(limit)
    assert (right.is_wrong, right.stored, right.counted) == (False, times(3), times(3))
    Period.objects.update(nanodollars=5)
    (wrong,) = rebuild(limit, repairs=True)
    assert (wrong.is_wrong, wrong.stored.nanodollars, wrong.counted) == (True, 5, times(3))
    assert used_of(limit, "u7") == {start: times(3)}
    assert not any(one.is_wrong for one in rebuild(limit))


def test_responses_over_a_socket_count_each_and_what_starts_no_work_counts_nothing(now):
    marking = a_limit()
    mark = f"{marking.pk}::{month(now).start}"
    store(records(1, accepted_at=now, requests=5, limit_marks=[mark]))
    store(records(1, 1, accepted_at=now, requests=0))
    filled = a_limit()
    assert [used_of(one)[month(now).start].requests for one in (marking, filled)] == [5, 5]
    assert not any(one.is_wrong for one in [*rebuild(marking), *rebuild(filled)])


@pytest.mark.parametrize("unpriced", ["refuse", "assume"])
@pytest.mark.parametrize("share", ["pool", "each_user", "each_key"])
def test_the_sum_of_the_ledger_is_that_of_its_records(now, share, unpriced):
    """The same as the sum that is added up record by record, to the nano-dollar."""
    chance = random.Random(f"{share} {unpriced}")
    Price.objects.bulk_create(random_price(chance) for _ in range(20))
    fields = {"share": share, "unpriced": unpriced, "assumed_per_million": "3.21"}
    marking = a_limit(**fields)
    name = {"pool": "", "each_user": "u7", "each_key": f"k{a_record().key_id.hex}"}[share]
    mark = f"{marking.pk}:{name}:{month(now).start}"
    told = [random_record(chance, n, accepted_at=now, limit_marks=[mark]) for n in range(600)]
    store(told)
    filled = a_limit(**fields)
    assert used_of(marking, name) == used_of(filled, name)
    assert used_of(marking, name)[month(now).start].nanodollars > 0
    assert not any(one.is_wrong for one in [*rebuild(marking), *rebuild(filled)])


def test_half_a_nanodollar_goes_to_the_even_one(now):
    costs = ["0.0000000005", "0.0000000015", "0.0000000025", "0.0000000026", "0.0000000004"]
    store(records(len(costs), accepted_at=now))
    for number, cost in enumerate(costs):
        UsageRow.objects.filter(pk=f"req_{number}").update(cost=Decimal(cost))
    expected = sum(nanodollars(Decimal(cost)) for cost in costs)
    assert used_of(a_limit())[month(now).start].nanodollars == expected == 7

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import ApiKey, User
from limits.models import Limit, LimitChange, Period
from limits.reading.usage_now import ShareUse, most_used, used_by, used_now
from tests.limits.builders import add_period, make_limit

pytestmark = pytest.mark.django_db
NOW = time.time()


@pytest.fixture(autouse=True)
def _without_redis(settings) -> None:
    settings.REDIS_URL = ""


def loaded(*limits: Limit) -> list[Limit]:
    found = Limit.objects.prefetch_related("changes").in_bulk([limit.pk for limit in limits])
    return list(found.values())


def test_the_most_used_share_of_each_limit_is_found_with_one_query(
    django_assert_num_queries,
) -> None:
    pool = make_limit("pool")
    each = make_limit("each", share="each_user", metric="tokens", window="month")
    idle = make_limit("idle", share="each_user")
    bucket = make_limit("bucket", window="minute")
    add_period(pool, NOW, requests=7)
    add_period(pool, NOW - 3 * 86_400, requests=90)  # another day
    for share, tokens in (("u1", 5), ("u2", 9), ("u3", 1)):
        add_period(each, NOW, share, input_tokens=tokens, output_tokens=1)
    limits = loaded(pool, each, idle, bucket)
    with django_assert_num_queries(1):
        found = most_used(limits)
    assert {pk: (use.share, use.used, use.amount) for pk, use in found.items()} == {
        pool.pk: ("", 7, 20),
        each.pk: ("u2", 10, 20),
    }


def test_a_pool_that_nobody_used_has_used_nothing() -> None:
    limit = make_limit(metric="usd", amount="0.5")
    assert most_used(loaded(limit))[limit.pk].used == 0


def test_shares_come_by_what_they_have_used() -> None:
    limit = make_limit(share="each_user")
    for number in range(60):
        add_period(limit, NOW, f"u{number}", requests=number)
    uses = used_now(*loaded(limit))
    assert [use.share for use in uses] == [f"u{number}" for number in range(59, 9, -1)]
    assert uses[0].resets_at is not None


def test_shares_can_be_named_and_may_have_used_nothing() -> None:
    limit = make_limit(share="each_user")
    add_period(limit, NOW, "u1", requests=3)
    [limit] = loaded(limit)
    assert [use.used for use in used_now(limit, ["u2", "u1"])] == [0, 3]


def test_what_no_meter_tells_of_a_bucket_is_not_known() -> None:
    ada, bob = (User.objects.create_user(name) for name in ("ada", "bob"))
    team = Group.objects.create(name="team")
    ada.groups.add(team)
    for user in (ada, bob):
        key, _ = ApiKey.objects.issue(user)
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())
    limit = make_limit(subject_kind="group", group=team, share="each_user", window="minute")
    assert used_now(*loaded(limit)) == [ShareUse(share=f"u{ada.pk}", amount=20, used=None)]


@pytest.mark.parametrize(("share", "amount"), [("u1", 50), ("u2", 20)])
def test_a_raise_counts_for_its_share(share: str, amount: int) -> None:
    limit = make_limit(share="each_user")
    until = timezone.now() + timedelta(days=1)
    LimitChange.objects.create(limit=limit, share="u1", amount=Decimal(50), until=until)
    [use] = used_now(loaded(limit)[0], [share])
    assert (use.amount, use.left, use.per_cent) == (amount, amount, 0)


def test_more_than_the_amount_leaves_nothing() -> None:
    limit = make_limit(amount=2)
    add_period(limit, NOW, requests=3)
    [use] = used_now(*loaded(limit))
    assert (use.left, use.per_cent) == (0, 150)


def test_an_amount_of_nothing_is_used_up() -> None:
    limit = make_limit(amount=0)
    assert most_used(loaded(limit))[limit.pk].per_cent == 100


def test_what_is_limited_in_total_has_no_end_and_a_forecast_since_its_beginning() -> None:
    limit = make_limit(window="total", amount=100)
    Limit.objects.update(created_at=timezone.now() - timedelta(days=2))
    Period.objects.create(limit=limit, start=0, end=9**10, records=1, requests=50)
    [use] = used_now(*loaded(limit))
    assert use.resets_at is None
    assert use.runs_out_at == pytest.approx(time.time() + 2 * 86_400, abs=60)


def test_a_user_has_a_share_of_each_limit_or_all_of_a_pool() -> None:
    ada, bob = User.objects.create_user("ada"), User.objects.create_user("bob")
    each, pool = make_limit("each", share="each_user"), make_limit("pool", share="pool")
    keys = make_limit("keys", share="each_key")
    add_period(each, NOW, f"u{ada.pk}", requests=3)
    add_period(each, NOW, f"u{bob.pk}", requests=9)
    add_period(pool, NOW, requests=12)
    uses = used_by(loaded(each, pool, keys), ada.pk)
    assert {pk: use.used for pk, use in uses.items()} == {each.pk: 3, pool.pk: 12}

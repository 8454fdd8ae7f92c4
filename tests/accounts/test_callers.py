import asyncio
import time
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group, Permission
from django.db import OperationalError, connection
from django.utils import timezone

from accounts import keys
from accounts.callers import CallerCache, CallersUnavailableError
from accounts.look_ups import BURST, MOST_WAITING_SLOWLY, TooManyLookUpsError
from accounts.models import ApiKey, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def issued():
    user = User.objects.create_user("alice", "alice@example.com", first_name="Alice")
    user.groups.add(Group.objects.create(name="team"))
    return ApiKey.objects.issue(user)


def a_cache(stale_seconds=600):
    return CallerCache(stale_seconds=stale_seconds)


class Database:
    """Counts the queries of the thread that looks callers up, and can refuse them."""

    def __init__(self):
        self.queries = 0
        self.is_down = False

    def __call__(self, execute, sql, params, many, context):
        self.queries += 1
        if self.is_down:
            raise OperationalError("the database is down")
        return execute(sql, params, many, context)


@pytest.fixture
async def database():
    database = Database()
    await database_sync_to_async(lambda: connection.execute_wrappers.append(database))()
    yield database
    await database_sync_to_async(lambda: connection.execute_wrappers.remove(database))()


async def test_caller_is_whose_key_it_is(issued):
    row, key = issued

    caller = await a_cache().find(key)

    assert (caller.username, caller.email, caller.display_name) == (
        "alice",
        "alice@example.com",
        "Alice",
    )
    assert caller.key_id == row.pk
    assert len(caller.group_ids) == 1


async def test_known_key_costs_no_query(issued, database):
    cache = a_cache()
    await cache.find(issued[1])
    before = database.queries

    assert await cache.find(issued[1]) is not None
    assert database.queries == before


async def test_first_look_costs_one_query(issued, database):
    await a_cache().find(keys.generate())  # the pepper is read once per process
    before = database.queries

    await a_cache().find(issued[1])

    assert database.queries - before == 1


async def test_many_who_present_the_same_key_at_once_cost_one_query(issued, database):
    cache = a_cache()
    await cache.find(keys.generate())
    before = database.queries

    found = await asyncio.gather(*(cache.find(issued[1]) for _ in range(100)))

    assert {caller.username for caller in found} == {"alice"}
    assert database.queries - before == 1


async def test_keys_that_are_unknown_or_revoked_take_the_same_steps(issued, database):
    row, revoked = issued
    await database_sync_to_async(row.revoke)()
    cache = a_cache()
    await cache.find(keys.generate())
    for key in [keys.generate(), revoked]:
        before = database.queries

        assert [await cache.find(key) for _ in range(3)] == [None] * 3
        assert database.queries == before + 1


async def test_unknown_key_takes_its_time_again_when_it_is_remembered(issued, database):
    cache, unknown = a_cache(), keys.generate()
    await cache.find(unknown)
    cache.look_up_seconds = 0.05
    started = time.monotonic()

    await cache.find(unknown)

    assert time.monotonic() - started >= 0.045


async def test_key_that_was_unknown_works_as_soon_as_a_change_is_heard_of(issued):
    _, key = issued
    await User.objects.filter(username="alice").aupdate(is_active=False)
    cache = a_cache()
    assert await cache.find(key) is None
    await User.objects.filter(username="alice").aupdate(is_active=True)

    await cache.refresh()

    assert await cache.find(key) is not None


async def test_many_unknown_keys_at_once_cost_few_queries(issued, database):
    cache = a_cache()
    await cache.find(keys.generate())
    before = database.queries

    found = await asyncio.gather(*(cache.find(keys.generate()) for _ in range(1000)))

    assert set(found) == {None}
    assert database.queries - before <= 3


async def test_good_key_gets_through_from_an_address_that_is_flooded(issued, database):
    cache, address = a_cache(), lambda: "192.0.2.1"
    for _ in range(2):
        await asyncio.gather(*(cache.find(keys.generate(), address) for _ in range(100)))
    flood = asyncio.gather(*(cache.find(keys.generate(), address) for _ in range(100)))

    assert await cache.find(issued[1], address) is not None
    await flood


async def test_more_than_may_wait_are_told_to_come_back(issued, database):
    cache, address = a_cache(), lambda: "192.0.2.1"
    for _ in range(2):
        await asyncio.gather(*(cache.find(keys.generate(), address) for _ in range(100)))

    # The address earns a few more while the test waits; those do not go to the slow lane.
    asked = MOST_WAITING_SLOWLY + int(BURST) + 10
    answers = await asyncio.gather(
        *(cache.find(keys.generate(), address) for _ in range(asked)),
        return_exceptions=True,
    )

    refused = [each for each in answers if isinstance(each, TooManyLookUpsError)]
    assert 10 <= len(refused) <= BURST + 10
    assert await cache.find(issued[1], lambda: "192.0.2.2") is not None


async def test_malformed_key_costs_no_query_and_the_time_of_one(issued, database):
    cache = a_cache()
    await cache.find(keys.generate())
    before, cache.look_up_seconds = database.queries, 0.05
    for key in ["x", "sk-gw-' OR 1=1 --", "é\udcff" * 1000, issued[0].digest, issued[1][:-1] + "_"]:
        started = time.monotonic()

        assert await cache.find(key) is None
        assert time.monotonic() - started >= 0.045
    assert database.queries == before


async def test_time_that_look_ups_take_is_learned(issued, database):
    cache = a_cache()
    cache.look_up_seconds = 1000.0
    for _ in range(3):
        await cache.find(keys.generate())

    assert cache.look_up_seconds < 1000 * (7 / 8) ** 3 + 1


async def test_revoked_key_is_refused_after_a_refresh(issued):
    cache = a_cache()
    await cache.find(issued[1])
    await database_sync_to_async(issued[0].revoke)()

    await cache.refresh()

    assert await cache.find(issued[1]) is None


async def test_refresh_reads_many_callers_with_few_queries(issued, database):
    cache, alice = a_cache(), await User.objects.aget()
    made = [await database_sync_to_async(ApiKey.objects.issue)(alice) for _ in range(20)]
    for _, key in made:
        await cache.find(key)
    await alice.groups.aclear()
    before = database.queries

    await cache.refresh()

    assert database.queries - before == 1
    assert all([(await cache.find(key)).group_ids == frozenset() for _, key in made])
    assert database.queries - before == 1


async def test_look_up_that_a_refresh_overtook_is_not_believed_twice(issued, database):
    cache = a_cache()
    await cache.find(issued[1])
    await cache.refresh()
    cache._refreshed_at = float("inf")  # as if the refresh had begun after the look-up
    before = database.queries

    await cache.find(issued[1])

    assert database.queries == before + 1


async def test_expired_key_is_refused_although_it_is_remembered(issued):
    row, key = issued
    row.created_at = timezone.now() - timedelta(days=2)
    row.expires_at = timezone.now() + timedelta(seconds=0.3)
    await database_sync_to_async(row.save)()
    cache = a_cache()
    assert await cache.find(key) is not None

    await asyncio.sleep((row.expires_at - timezone.now()).total_seconds() + 0.01)

    assert await cache.find(key) is None


async def test_key_of_an_inactive_user_is_refused(issued):
    await User.objects.filter(username="alice").aupdate(is_active=False)

    assert await a_cache().find(issued[1]) is None


async def test_known_key_serves_on_while_the_database_is_down(issued, database):
    cache = a_cache()
    known = await cache.find(issued[1])
    database.is_down = True

    assert await cache.find(issued[1]) == known
    with pytest.raises(OperationalError):
        await cache.refresh()
    assert await cache.find(issued[1]) == known


async def test_known_key_serves_no_longer_than_the_stale_time(issued, database):
    cache = a_cache(stale_seconds=0)
    await cache.find(issued[1])
    database.is_down = True

    with pytest.raises(CallersUnavailableError):
        await cache.find(issued[1])


async def test_key_that_the_database_was_heard_to_confirm_costs_no_query(issued, database):
    cache = a_cache(stale_seconds=0)
    await cache.find(issued[1])
    before = database.queries

    cache.confirm(time.monotonic() + 60)

    assert await cache.find(issued[1]) is not None
    assert database.queries == before


async def test_unknown_key_is_not_judged_while_the_database_is_down(issued, database):
    cache = a_cache()
    await cache.find(issued[1])
    database.is_down = True

    with pytest.raises(CallersUnavailableError):
        await cache.find(keys.generate())


async def test_malformed_key_is_refused_also_while_the_database_is_down(issued, database):
    cache = a_cache()
    await cache.find(issued[1])
    database.is_down = True

    assert await cache.find("sk-gw-mistyped") is None


async def test_key_with_the_same_beginning_is_another_key(issued):
    cache, (_, key) = a_cache(), issued
    await cache.find(key)
    random_part = key[len(keys.PREFIX) : -keys.CHECKSUM_LENGTH - 1] + "_"
    other = keys.PREFIX + random_part + keys.checksum_of(random_part)

    assert keys.is_well_formed(other)
    assert await cache.find(other) is None


async def test_caller_carries_what_its_key_is_for(issued):
    alice, group = await User.objects.aget(), await Group.objects.aget()
    _, key = await database_sync_to_async(ApiKey.objects.issue)(
        alice,
        scopes=["inference"],
        model_patterns=["openai/*"],
        is_resumable=True,
        may_speak_for_users=True,
        unknown_users_group=group,
    )

    caller = await a_cache().find(key)

    assert (caller.scopes, caller.model_patterns) == ({"inference"}, ("openai/*",))
    assert caller.is_resumable is True
    assert (caller.may_speak_for_users, caller.unknown_users_group_id) == (True, group.pk)


async def test_permissions_of_staff_are_their_own_and_their_groups(issued):
    alice, group = await User.objects.aget(), await Group.objects.afirst()
    own, of_group = [row async for row in Permission.objects.all()[:2]]
    await alice.user_permissions.aadd(own)
    await group.permissions.aadd(of_group)
    names = [
        f"{label}.{codename}"
        async for label, codename in Permission.objects.filter(
            pk__in=[own.pk, of_group.pk]
        ).values_list("content_type__app_label", "codename")
    ]
    cache = a_cache()
    assert (await cache.find(issued[1])).permissions == frozenset()  # not staff

    await User.objects.aupdate(is_staff=True)
    await cache.refresh()
    assert (await cache.find(issued[1])).permissions == set(names)

    await alice.user_permissions.aclear()
    await group.permissions.aclear()
    await cache.refresh()
    assert (await cache.find(issued[1])).permissions == frozenset()


async def test_superusers_need_no_permission(issued):
    await User.objects.aupdate(is_staff=True, is_superuser=True)

    caller = await a_cache().find(issued[1])

    assert caller.is_superuser
    assert caller.permissions == frozenset()
    assert caller.has_permission("usage.view_usagerow")


async def test_many_staff_are_read_with_one_more_query(issued, database):
    cache = a_cache()
    for number in range(20):
        user = await User.objects.acreate(
            username=f"staff-{number}", is_staff=True, is_superuser=number % 2 == 0
        )
        await cache.find((await database_sync_to_async(ApiKey.objects.issue)(user))[1])
    before = database.queries

    await cache.refresh()

    assert database.queries - before == 2


async def test_ended_earlier_secret_is_refused_and_the_others_are_not(issued):
    row, old = issued
    cache = a_cache()
    new = await database_sync_to_async(row.rotate)()
    assert await cache.find(old) is not None
    await database_sync_to_async((await row.earlier_keys.aget()).end)()

    await cache.refresh()

    assert await cache.find(old) is None
    assert await cache.find(new) is not None


async def test_both_keys_work_during_the_overlap_of_a_rotation(issued):
    row, old = issued
    new = await database_sync_to_async(row.rotate)()

    found = [await a_cache().find(key) for key in (old, new)]

    assert [caller.key_id for caller in found] == [row.pk, row.pk]
    assert {caller.group_ids for caller in found} != {frozenset()}


async def test_old_key_ends_with_the_overlap_also_where_it_is_remembered(issued):
    row, old = issued
    new = await database_sync_to_async(row.rotate)()
    ends_at = timezone.now() + timedelta(seconds=2)
    await row.earlier_keys.aupdate(expires_at=ends_at)
    cache = a_cache()
    assert await cache.find(old) is not None

    await asyncio.sleep((ends_at - timezone.now()).total_seconds() + 0.01)

    assert await cache.find(old) is None
    assert await a_cache().find(old) is None
    assert await cache.find(new) is not None


async def test_revocation_ends_the_earlier_keys_too(issued):
    row, old = issued
    new = await database_sync_to_async(row.rotate)()
    await database_sync_to_async(row.revoke)()

    assert [await a_cache().find(key) for key in (old, new)] == [None, None]

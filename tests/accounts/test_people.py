"""People by their mail addresses: as keys are, from memory, and refused one way each."""

from __future__ import annotations

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group
from django.db import OperationalError, connection

from accounts.callers import CallerCache, CallersUnavailableError
from accounts.models import User
from accounts.people import Standing, Standings, read_people, standing_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> User:
    user = User.objects.create_user("ada", "Ada@Example.com", first_name="Ada", is_staff=True)
    for name in ("team", "lab"):
        user.groups.add(Group.objects.create(name=name))
    return user


class Database:
    """Counts the queries, and can refuse them."""

    def __init__(self) -> None:
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


def a_cache(stale_seconds: float = 600) -> CallerCache:
    return CallerCache(stale_seconds=stale_seconds, read=read_people)


def test_person_has_groups_and_no_rights_of_staff(ada):
    person = read_people(["ada@example.com"])["ada@example.com"].caller
    assert (person.user_id, person.username, person.email) == (ada.pk, "ada", ada.email)
    assert person.group_ids == set(ada.groups.values_list("pk", flat=True))
    assert (person.is_staff, person.is_superuser) == (False, False)
    assert person.permissions == frozenset()
    assert standing_of("ada@example.com") is None


def test_address_of_two_active_users_is_ambiguous(ada):
    other = User.objects.create_user("eve", "ada@EXAMPLE.com")
    assert read_people(["ada@example.com"]) == {}
    assert standing_of("ada@example.com") is Standing.AMBIGUOUS
    other.is_active = False
    other.save()
    assert list(read_people(["ada@example.com"])) == ["ada@example.com"]


def test_inactive_and_pending_users_are_inactive(ada):
    User.objects.update(is_active=False)
    assert read_people(["ada@example.com"]) == {}
    assert standing_of("ada@example.com") is Standing.INACTIVE


def test_deleted_user_has_departed_unless_another_has_the_address(ada):
    ada.delete()
    assert standing_of("ada@example.com") is Standing.DEPARTED
    User.objects.create_user("new", "ada@example.com")
    assert standing_of("ada@example.com") is None


def test_other_addresses_are_unknown(ada):
    User.objects.create_user("nomail")
    for email in ("eve@example.com", "ada@example.co", "%@example.com", "ada_example.com"):
        assert read_people([email]) == {}
        assert standing_of(email) is Standing.UNKNOWN


def test_letters_beyond_ascii_are_told_apart_by_their_case():
    User.objects.create_user("kay", "kay@example.com")
    User.objects.create_user("zoe", "ZOË@example.com")
    kelvin = "\N{KELVIN SIGN}ay@example.com"
    assert read_people([kelvin]) == {}
    assert standing_of(kelvin) is Standing.UNKNOWN
    assert list(read_people(["zoË@example.com", "zoë@example.com"])) == ["zoË@example.com"]


async def test_known_person_costs_no_query_and_outlasts_the_database(ada, database):
    cache = a_cache()
    await cache.find_digest("ada@example.com")
    before = database.queries
    database.is_down = True
    assert (await cache.find_digest("ada@example.com")).username == "ada"
    assert database.queries == before
    with pytest.raises(CallersUnavailableError):
        await cache.find_digest("eve@example.com")


async def test_unknown_address_is_asked_for_once_in_a_while(database):
    cache, standings = a_cache(), Standings()
    assert await cache.find_digest("eve@example.com") is None
    assert await standings.of("eve@example.com") is Standing.UNKNOWN
    before = database.queries
    assert await cache.find_digest("eve@example.com") is None
    assert await standings.of("eve@example.com") is Standing.UNKNOWN
    assert database.queries == before


async def test_refresh_learns_of_groups_and_departures(ada):
    cache = a_cache()
    before = await cache.find_digest("ada@example.com")
    await ada.groups.aclear()
    await cache.refresh()
    assert len(before.group_ids) == 2
    assert (await cache.find_digest("ada@example.com")).group_ids == frozenset()
    await User.objects.all().aupdate(is_active=False)
    await cache.refresh()
    assert await cache.find_digest("ada@example.com") is None
    await User.objects.all().aupdate(is_active=True)
    await cache.refresh()
    assert await cache.find_digest("ada@example.com") is not None

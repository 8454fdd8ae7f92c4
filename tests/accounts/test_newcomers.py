"""Users who are made since a trusted caller names them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from accounts.claimed_users import ClaimedUser
from accounts.models import User
from accounts.newcomers import make_newcomer
from accounts.people import Standing

pytestmark = pytest.mark.django_db(transaction=True)

EVE = ClaimedUser(email="eve@example.com", name="Eve Moneypenny")


@pytest.fixture
def team() -> Group:
    return Group.objects.create(name="team")


def test_newcomer_is_an_ordinary_user_of_the_group(team):
    assert make_newcomer(EVE, team.pk) is None
    user = User.objects.get()
    assert (user.username, user.email, user.display_name) == ("eve", EVE.email, EVE.name)
    assert list(user.groups.all()) == [team]
    assert user.is_active
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert not user.has_usable_password()


def test_name_that_is_taken_gets_a_number(team):
    User.objects.create_user("Eve", is_superuser=True)
    make_newcomer(EVE, team.pk)
    assert User.objects.get(email=EVE.email).username == "eve-2"


@pytest.mark.parametrize("is_active", [True, False])
def test_nobody_is_made_where_the_address_is_known(team, is_active):
    User.objects.create_user("ada", "EVE@example.com", is_active=is_active)
    standing = make_newcomer(EVE, team.pk)
    assert standing is (None if is_active else Standing.INACTIVE)
    assert User.objects.count() == 1


def test_deleted_user_does_not_come_back(team):
    make_newcomer(EVE, team.pk)
    User.objects.get().delete()
    assert make_newcomer(EVE, team.pk) is Standing.DEPARTED
    assert not User.objects.exists()


def test_nobody_is_made_once_the_group_is_gone(team):
    group_id = team.pk
    team.delete()
    assert make_newcomer(EVE, group_id) is Standing.UNKNOWN
    assert not User.objects.exists()


def test_many_at_once_make_one_user(team):
    def make(_: int) -> Standing | None:
        try:
            return make_newcomer(EVE, team.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(make, range(16))) == {None}
    assert User.objects.count() == 1

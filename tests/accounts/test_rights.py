"""On whose behalf people may act."""

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.caller import Scope
from accounts.models import User
from accounts.rights import (
    may_act_for,
    may_administer_anything,
    may_change_group,
    may_hold,
    permissions_of,
    within_rights_of,
)

pytestmark = pytest.mark.django_db
ADD, VIEW = "accounts.add_apikey", "accounts.view_apikey"


def permission(name):
    app_label, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)


def person(name, *permissions, **fields):
    made = User.objects.create_user(name, **fields)
    made.user_permissions.set(map(permission, permissions))
    return made


def group(name, *permissions):
    made = Group.objects.create(name=name)
    made.permissions.set(map(permission, permissions))
    return made


@pytest.fixture
def root():
    return User.objects.create_superuser("root")


@pytest.fixture
def clerk():
    return person("clerk", ADD, is_staff=True)


def test_permissions_are_ones_own_and_those_of_groups(clerk):
    clerk.groups.add(group("viewers", VIEW))
    assert permissions_of([clerk.pk]) == {clerk.pk: {ADD, VIEW}}


def test_permissions_count_for_staff_alone(root, clerk):
    assert may_administer_anything(root)
    assert may_administer_anything(clerk)
    assert not may_administer_anything(person("ada", ADD))
    assert not may_administer_anything(person("empty", is_staff=True))


def test_a_superuser_acts_for_everybody(root, clerk):
    assert set(within_rights_of(root)) == {root, clerk}


def test_staff_act_for_themselves_and_users_who_have_no_more(root, clerk):
    other = person("other", ADD, is_staff=True)
    equal, none = person("equal", ADD), person("none")
    more = person("more", VIEW)
    by_group = person("grouped")
    by_group.groups.add(group("viewers", VIEW))
    assert set(within_rights_of(clerk)) == {clerk, equal, none}
    assert not any(may_act_for(clerk, one) for one in (root, other, more, by_group))


def test_an_inactive_user_has_what_they_may_have_tomorrow(clerk):
    assert not may_act_for(clerk, person("asleep", VIEW, is_active=False))


def test_a_key_for_administration_is_for_its_user_and_superusers(root, clerk):
    ada = person("ada")
    assert may_hold(clerk, ada, [Scope.INFERENCE])
    assert not may_hold(clerk, ada, [Scope.INFERENCE, Scope.ADMIN])
    assert may_hold(clerk, clerk, [Scope.ADMIN])
    assert may_hold(root, ada, [Scope.ADMIN])


def test_a_key_that_speaks_for_users_is_for_its_user_and_superusers(root, clerk):
    ada = person("ada")
    assert not may_hold(clerk, ada, [Scope.INFERENCE], speaks_for_users=True)
    assert may_hold(clerk, clerk, [Scope.INFERENCE], speaks_for_users=True)
    assert may_hold(root, ada, [Scope.INFERENCE], speaks_for_users=True)


def test_a_group_is_changed_by_those_who_have_all_it_gives(root, clerk):
    adders, viewers = group("adders", ADD), group("viewers", VIEW)
    assert may_change_group(clerk, adders)
    assert not may_change_group(clerk, viewers)
    assert may_change_group(root, viewers)

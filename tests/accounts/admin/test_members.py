"""A pasted list of people becomes members of a group."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.admin.members import join
from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> Group:
    return Group.objects.create(name="team")


def page_of(group: Group) -> str:
    return reverse("admin:auth_group_members", args=[group.pk])


def test_names_and_addresses_join_and_the_rest_is_told(group: Group) -> None:
    ada = User.objects.create_user("ada", email="Ada@example.com")
    bob = User.objects.create_user("bob")
    for name in ("carl", "karl"):
        User.objects.create_user(name, email="carl@example.com")
    group.user_set.add(bob)
    joined = join(group, "ada@EXAMPLE.com, bob\n\n carl@example.com \nnobody\nnew@example.com\nbob")
    assert joined.added == ("ada",)
    assert joined.already == 1
    assert joined.several == ("carl@example.com",)
    assert joined.unknown == ("nobody", "new@example.com")
    assert joined.addresses == ["new@example.com"]
    assert set(group.user_set.all()) == {ada, bob}


def test_a_name_goes_before_an_address(group: Group) -> None:
    named = User.objects.create_user("ada@example.com")
    User.objects.create_user("ada", email="ada@example.com")
    join(group, "ada@example.com")
    assert list(group.user_set.all()) == [named]


def test_a_long_list_takes_as_many_queries_as_a_short_one(group: Group) -> None:
    names = [User.objects.create_user(f"user-{n}").username for n in range(30)]
    with CaptureQueriesContext(connection) as few:
        join(group, names[0])
    with CaptureQueriesContext(connection) as many:
        join(group, "\n".join(names[1:]))
    assert len(many) == len(few)


def test_the_page_adds_takes_out_and_notes_both(admin_client: Client, group: Group) -> None:
    ada = User.objects.create_user("ada")
    page = admin_client.post(page_of(group), {"people": "ada\nx@example.com"}).content.decode()
    assert "1 added: ada." in page
    assert "Invite 1 into team" in page
    admin_client.post(page_of(group), {"remove": ada.pk})
    assert not group.user_set.exists()
    notes = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert notes == ["Added ada.", "Took ada out."]


def test_a_text_that_no_database_takes_is_unknown(group: Group) -> None:
    ada = User.objects.create_user("ada")
    joined = join(group, "ada\na\0b\n\0@example.com")
    assert joined.unknown == ("a\0b", "\0@example.com")
    assert joined.addresses == []
    assert list(group.user_set.all()) == [ada]


@pytest.mark.parametrize("sees_users", [True, False])
def test_history_names_members_to_those_who_may_see_users(
    admin_client: Client, group: Group, *, sees_users: bool
) -> None:
    User.objects.create_user("low-ada")
    admin_client.post(page_of(group), {"people": "low-ada"})
    viewer = User.objects.create_user("viewer", is_staff=True)
    names = ["view_group", *(["view_user"] if sees_users else [])]
    viewer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(viewer)
    shown = client.get(reverse("admin:auth_group_history", args=[group.pk])).content.decode()
    assert ("Added low-ada." in shown) is sees_users
    assert ("low-ada" in shown) is sees_users
    assert ("Changed the members." in shown) is not sees_users


@pytest.mark.parametrize("sees_groups", [True, False])
def test_history_of_a_person_names_groups_to_those_who_may_see_them(sees_groups: bool) -> None:
    person = User.objects.create_user("low-ada")
    person.groups.add(Group.objects.create(name="merger-talks"))
    viewer = User.objects.create_user("viewer", is_staff=True)
    names = ["view_user", *(["view_group"] if sees_groups else [])]
    viewer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(viewer)
    shown = client.get(reverse("admin:accounts_user_history", args=[person.pk])).content.decode()
    assert "groups" in shown
    assert ("merger-talks" in shown) is sees_groups

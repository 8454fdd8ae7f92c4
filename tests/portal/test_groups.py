"""Groups and their managers: no manager sees, adds or looks at people outside."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import ApiKey, User
from portal.groups import (
    answer,
    invite,
    managed_group,
    member_of,
    members_of,
    remove_member,
    withdraw_invitation,
)
from portal.models import GroupInvitation, GroupManager
from portal.refusals import ForbiddenError, NotTheirsError, RefusedError
from tests.portal.conftest import browser_of
from tests.usage.records import a_record
from usage.storing import store

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(team: Group) -> User:
    """Looks after the team, without being a member."""
    user = User.objects.create_user("boss")
    GroupManager.objects.create(group=team, user=user)
    return user


def page_of(group: Group) -> str:
    return reverse("portal:group", args=[group.pk])


def test_a_manager_sees_members_with_hints_and_sums(boss, ada, bob, team):
    row, key = ApiKey.objects.issue(ada, name="laptop")
    ApiKey.objects.issue(bob, name="of bob")
    now = datetime.now(UTC)
    for user in (ada, bob):
        record = a_record(
            request_id=f"req_{user}",
            accepted_at=now.timestamp(),
            user_id=user.pk,
            username=user.username,
        )
        store([record])
    (member,) = members_of(team, now=now)
    assert (member.user, member.keys, member.used.requests) == (ada, (row,), 1)
    shown = browser_of(boss).get(page_of(team)).content.decode()
    assert row.hint in shown
    assert key not in shown
    assert "bob" not in shown


def test_a_group_of_others_is_not_there(boss, ada, bob, team):
    other = Group.objects.create(name="other")
    bob.groups.add(other)
    for person in (boss, ada):
        group = other if person == boss else team
        browser = browser_of(person)
        remove = reverse("portal:remove_member", args=[group.pk, bob.pk])
        withdraw = reverse("portal:withdraw_invitation", args=[group.pk, 1])
        assert browser.get(page_of(group)).status_code == 404
        assert browser.post(page_of(group), {"email": "x@example.org"}).status_code == 404
        assert browser.post(remove).status_code == 404
        assert browser.post(withdraw).status_code == 404
    assert bob.groups.get() == other
    with pytest.raises(NotTheirsError):
        managed_group(ada, team.pk)


def test_a_manager_removes_members_and_nobody_else(boss, ada, bob, team):
    other = Group.objects.create(name="other")
    bob.groups.add(other)
    browser = browser_of(boss)
    assert browser.get(reverse("portal:remove_member", args=[team.pk, bob.pk])).status_code == 404
    assert browser.post(reverse("portal:remove_member", args=[team.pk, bob.pk])).status_code == 404
    with pytest.raises(NotTheirsError):
        member_of(team, bob.pk)
    browser.post(reverse("portal:remove_member", args=[team.pk, ada.pk]))
    assert not ada.groups.exists()
    assert bob.groups.get() == other


def test_an_address_is_invited_whether_or_not_somebody_has_it(boss, bob, team):
    browser = browser_of(boss)
    answers = [
        browser.post(page_of(team), {"email": address}, follow=True)
        for address in ("bob@example.org", "nobody@example.org")
    ]
    texts = [
        text.content.decode().replace(name, "…")
        for text, name in zip(answers, ("bob@example.org", "nobody@example.org"), strict=True)
    ]
    assert [text.count("… is invited") for text in texts] == [1, 1]
    assert not bob.groups.exists()
    assert team.portal_invitations.count() == 2


def test_a_person_joins_by_accepting_what_waits_for_their_address(boss, bob, team):
    row = invite(boss, team, " Bob@Example.ORG ")
    browser = browser_of(bob)
    assert b"invites you into the group" in browser.get("/").content
    browser.post(reverse("portal:answer_invitation", args=[row.pk]), {"accept": "1"})
    assert bob.groups.get() == team
    assert not GroupInvitation.objects.exists()


def test_a_declined_invitation_is_gone(boss, bob, team):
    row = invite(boss, team, bob.email)
    browser_of(bob).post(reverse("portal:answer_invitation", args=[row.pk]), {"decline": "1"})
    assert not bob.groups.exists()
    assert not GroupInvitation.objects.exists()


def test_the_invitation_of_somebody_else_is_not_there(boss, ada, bob, team):
    row = invite(boss, team, bob.email)
    url = reverse("portal:answer_invitation", args=[row.pk])
    assert browser_of(ada).post(url, {"accept": "1"}).status_code == 404
    nameless = User.objects.create_user("nameless")
    assert browser_of(nameless).post(url, {"accept": "1"}).status_code == 404
    assert GroupInvitation.objects.exists()


def test_an_invitation_counts_no_longer_than_its_manager(boss, bob, team):
    row = invite(boss, team, bob.email)
    GroupManager.objects.all().delete()
    with pytest.raises(RefusedError, match="does not count any more"):
        answer(bob, row.pk, is_accepted=True)
    assert not bob.groups.exists()


def test_a_group_with_permissions_is_not_for_managers_without_them(boss, bob, team):
    row = invite(boss, team, bob.email)
    team.permissions.add(Permission.objects.get(codename="view_user"))
    for refused in (
        lambda: invite(boss, team, "x@example.org"),
        lambda: remove_member(boss, team, bob.pk),
        lambda: answer(bob, row.pk, is_accepted=True),
    ):
        with pytest.raises(ForbiddenError):
            refused()
    assert not bob.groups.exists()


def test_an_invitation_is_withdrawn_by_its_own_group_alone(team):
    other = Group.objects.create(name="other")
    row = GroupInvitation.objects.create(group=other, email="x@example.org")
    withdraw_invitation(team, row.pk)
    assert GroupInvitation.objects.filter(pk=row.pk).exists()
    withdraw_invitation(other, row.pk)
    assert not GroupInvitation.objects.exists()


@pytest.mark.parametrize("address", ["", "x", "a@", "a b@example.org", "x@example.org\n"])
def test_what_is_no_address_is_refused(boss, team, address):
    if address.strip() == "x@example.org":
        assert invite(boss, team, address).email == "x@example.org"
    else:
        with pytest.raises(RefusedError):
            invite(boss, team, address)

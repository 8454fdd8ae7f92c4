"""Several people are invited at once, and their links are shown once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.invitations import waiting_for
from accounts.models import Invitation, User

pytestmark = pytest.mark.django_db

INVITE = reverse("admin:accounts_user_invite")


def test_each_address_gets_a_user_and_a_link(admin_client: Client) -> None:
    group = Group.objects.create(name="team")
    User.objects.create_user("eva", email="eva@example.com", password="a-long-pass-phrase")
    form = {"people": "ada@example.com\neva@example.com\nnone", "groups": [group.pk]}
    response = admin_client.post(INVITE, form, follow=True)
    ((name, _, email, url, is_mailed),) = response.context["invited"]
    assert (name, email, is_mailed) == ("ada", "ada@example.com", False)
    assert [address for address, _ in response.context["refused"]] == ["eva@example.com", "none"]
    invitation = waiting_for(url.rstrip("/").rpartition("/")[2])
    assert invitation is not None
    assert list(invitation.user.groups.all()) == [group]
    assert "no-store" in response["Cache-Control"]
    assert url not in admin_client.get(response.request["PATH_INFO"]).content.decode()
    assert LogEntry.objects.filter(change_message="Invited.").count() == 1


def test_too_many_at_once_are_refused(admin_client: Client) -> None:
    people = "\n".join(f"user-{n}@example.com" for n in range(51))
    assert "50 addresses at most" in admin_client.post(INVITE, {"people": people}).content.decode()
    assert User.objects.count() == 1


def test_the_form_is_filled_in_from_its_address(admin_client: Client) -> None:
    group = Group.objects.create(name="team")
    asked: dict[str, Any] = {"person": "ada@example.com", "group": group.pk}
    page = admin_client.get(INVITE, asked).content.decode()
    assert "ada@example.com</textarea>" in page
    assert f'<option value="{group.pk}" selected>' in page


def test_staff_do_not_invite_themselves_into_the_account_of_a_superuser(client: Client) -> None:
    """One who has not signed in yet: the page would show a link that opens the account."""
    chief = User.objects.create_user(
        "chief", email="chief@example.com", is_staff=True, is_superuser=True
    )
    helper = User.objects.create_user("helper", is_staff=True)
    names = ("add_user", "change_user", "view_user", "add_apikey")
    helper.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(helper)
    page = client.get(reverse("admin:accounts_user_change", args=[chief.pk]))
    assert not page.context["may_invite"]
    response = client.post(INVITE, {"people": "chief@example.com"}, follow=True)
    assert response.context["invited"] == []
    assert not Invitation.objects.exists()


def test_one_address_gets_one_link_however_it_is_written(admin_client: Client) -> None:
    people = "Bb@X.EXAMPLE\nbb@x.example\nBB@x.example"
    response = admin_client.post(INVITE, {"people": people}, follow=True)
    ((_, _, email, url, _),) = response.context["invited"]
    assert email == "bb@x.example"
    assert waiting_for(url.rstrip("/").rpartition("/")[2]) is not None
    assert Invitation.objects.count() == 1

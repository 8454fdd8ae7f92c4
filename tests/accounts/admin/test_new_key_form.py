"""Who a new key is for: a user, or somebody who is invited with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.core import mail as outbox
from django.test import Client
from django.urls import reverse

from accounts.invitations import waiting_for
from accounts.models import ApiKey, Invitation, User

pytestmark = pytest.mark.django_db

ADD = reverse("admin:accounts_apikey_add")
PEOPLE = reverse("admin:accounts_apikey_people")


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob", email="bob@example.com", first_name="Bob")


def helper(*codenames: str) -> Client:
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def make(client: Client, **form: Any) -> Any:
    return client.post(ADD, {"scopes": "inference", **form}, follow=True)


def refusal(client: Client, **form: Any) -> str:
    response = make(client, **form)
    assert not ApiKey.objects.exists()
    return response.content.decode()


@pytest.mark.parametrize("person", ["bob", "bob@example.com", " BOB@example.com "])
def test_a_name_or_an_address_finds_a_user(admin_client: Client, bob: User, person: str) -> None:
    assert make(admin_client, person=person).context["key"]
    assert ApiKey.objects.get().user == bob
    assert not Invitation.objects.exists()


def test_an_unknown_address_is_invited_with_the_key(admin_client: Client) -> None:
    group = Group.objects.create(name="team")
    response = make(admin_client, person="Ada@example.com", groups=[group.pk])
    row = ApiKey.objects.get()
    secrets = response.context["secrets"]
    assert (row.user.username, row.user.email) == ("ada", "ada@example.com")
    assert list(row.user.groups.all()) == [group]
    assert secrets.invitation.startswith("http://testserver/accounts/invitation/")
    token = secrets.invitation.rstrip("/").rpartition("/")[2]
    invitation = waiting_for(token)
    assert invitation is not None
    assert invitation.user == row.user
    assert secrets.invitation in response.content.decode()
    assert LogEntry.objects.filter(change_message="Invited, with a key.").exists()


def test_the_link_is_shown_once_and_kept_nowhere(admin_client: Client) -> None:
    response = make(admin_client, person="ada@example.com")
    link = response.context["secrets"].invitation
    (page, _), *_ = response.redirect_chain
    assert link not in admin_client.get(page).content.decode()
    stored = [str(admin_client.session.items()), str(Invitation.objects.values())]
    stored += [str(entry) for entry in LogEntry.objects.values()]
    assert not [text for text in stored if link.rstrip("/").rpartition("/")[2] in text]


@pytest.mark.django_db(transaction=True)
def test_the_link_is_mailed_where_a_server_is_configured(
    admin_client: Client, settings: Any
) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    secrets = make(admin_client, person="ada@example.com").context["secrets"]
    (sent,) = outbox.outbox
    assert secrets.is_mailed
    assert secrets.invitation in sent.body


def test_a_name_that_no_user_has_is_refused(admin_client: Client) -> None:
    assert "No user has this name" in refusal(admin_client, person="nobody")
    assert "Give a user name" in refusal(admin_client, person=" ")


def test_an_address_of_several_asks_which_one(admin_client: Client, bob: User) -> None:
    other = User.objects.create_user("bobby", email=bob.email)
    page = refusal(admin_client, person=bob.email)
    assert "Several users have this address" in page
    assert f'name="user" value="{other.pk}"' in page
    make(admin_client, person=bob.email, user=other.pk)
    assert ApiKey.objects.get().user == other


def test_groups_are_for_those_who_are_invited(admin_client: Client, bob: User) -> None:
    group = Group.objects.create(name="team")
    assert "for a person who is invited" in refusal(admin_client, person="bob", groups=[group.pk])


def test_inviting_asks_for_the_permissions_of_adding_users() -> None:
    client = helper("add_apikey")
    assert "you may not add users" in refusal(client, person="ada@example.com")
    assert not User.objects.filter(email="ada@example.com").exists()


def test_staff_who_are_no_superusers_put_nobody_into_groups() -> None:
    client = helper("add_apikey", "add_user", "change_user")
    group = Group.objects.create(name="team")
    assert make(client, person="ada@example.com", groups=[group.pk]).context["key"]
    assert not User.objects.get(username="ada").groups.exists()


def test_a_name_of_somebody_with_more_rights_is_refused(admin_user: User) -> None:
    client = helper("add_apikey")
    assert "Only a superuser makes keys" in refusal(client, person=admin_user.username)
    assert "Only a superuser makes keys" in refusal(client, user=admin_user.pk)


def test_the_page_of_a_user_leads_to_the_form_with_the_user_chosen(
    admin_client: Client, bob: User
) -> None:
    page = admin_client.get(ADD, {"user": bob.pk}).content.decode()
    assert f'value="{bob.pk}" checked' in page
    assert "bob (Bob, bob@example.com)" in page


def test_people_are_found_while_one_types(admin_client: Client, bob: User) -> None:
    User.objects.create_user("robert", last_name="Bobson")
    User.objects.create_user("gone", email="bob@gone.example", is_active=False)
    page = admin_client.get(PEOPLE, {"person": "bo"}).content.decode()
    assert page.count('type="radio"') == 2
    assert "bob (Bob, bob@example.com)" in page
    assert "radio" not in admin_client.get(PEOPLE, {"person": "b"}).content.decode()
    unknown = admin_client.get(PEOPLE, {"person": "new@example.com"}).content.decode()
    assert "invited, with a link that opens once" in unknown


def test_nobody_with_more_rights_is_found(admin_user: User) -> None:
    page = helper("add_apikey").get(PEOPLE, {"person": admin_user.username}).content.decode()
    assert "radio" not in page


@pytest.mark.parametrize("chosen", ["²", "9" * 5000, "9" * 19, "-1"])
def test_what_is_no_id_chooses_nobody(admin_client: Client, chosen: str) -> None:
    assert admin_client.get(ADD, {"user": chosen}).status_code == 200
    page = admin_client.post(ADD, {"user": chosen, "name": "x"})
    assert page.status_code == 200
    assert not ApiKey.objects.exists()

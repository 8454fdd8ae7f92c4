"""Deletions tell who loses which models; grants tell how many they cover."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connections.models import Connection
from models_registry.admin.losses import MOST_NAMED, named
from models_registry.models import ModelGrant, RegisteredModel
from tests.models_registry.conftest import serving_lists

pytestmark = pytest.mark.django_db(transaction=True)
GRANTS = reverse("admin:models_registry_modelgrant_changelist")
ADD_GRANT = reverse("admin:models_registry_modelgrant_add")


def told(client: Client, row: Any) -> str:
    """What the page says that asks whether to delete ``row``."""
    opts = row._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_delete", args=[row.pk])
    return unescape(client.get(url).content.decode())


@pytest.fixture
def team() -> Group:
    team = Group.objects.create(name="team")
    for name in ("ada", "bob"):
        User.objects.create_user(name).groups.add(team)
    return team


def test_a_connection_tells_its_models_and_who_loses_them(
    admin_client: Client, serving: None, team: Group
) -> None:
    ModelGrant.objects.create(pattern="whisper-*", group=team)
    page = told(admin_client, Connection.objects.get(name="two"))
    assert "1 model of theirs find no other connection: whisper-1." in page  # "shared" stays
    assert "They are lost by team (2 members), alice." in page


def test_a_connection_whose_models_nobody_may_use_costs_staff_alone(
    admin_client: Client, serving: None
) -> None:
    page = told(admin_client, Connection.objects.get(name="down"))
    assert "find no other connection: kept." in page
    assert "They are lost by staff alone" in page


def test_a_grant_to_everyone_is_everyones_loss(
    admin_client: Client, serving: None, team: Group
) -> None:
    ModelGrant.objects.create(pattern="*", everyone=True)
    ModelGrant.objects.create(pattern="kept", group=team)
    assert "They are lost by everyone." in told(admin_client, Connection.objects.get(name="down"))


def test_a_connection_that_serves_nothing_alone_says_so(admin_client: Client, db: None) -> None:
    with serving_lists({"one": ["shared"], "two": ["shared"]}):
        page = told(admin_client, Connection.objects.get(name="two"))
    assert "Every model of theirs is offered by another connection" in page


def test_a_connection_that_offers_nothing_says_so(admin_client: Client, serving: None) -> None:
    spare = Connection.objects.create(name="spare", base_url="https://spare.example/v1")
    assert "No model of theirs is offered now." in told(admin_client, spare)


def test_a_process_that_serves_nothing_claims_nothing(admin_client: Client, db: None) -> None:
    row = Connection.objects.create(name="one", base_url="https://one.example/v1")
    page = told(admin_client, row)
    assert "find no other connection" not in page
    assert "model of theirs" not in page


def test_a_group_names_its_members_and_what_its_grants_cover(
    admin_client: Client, serving: None, team: Group
) -> None:
    ModelGrant.objects.create(pattern="two/*", group=team)
    page = told(admin_client, team)
    assert "Members of team: ada, bob." in page
    assert "is deleted, too: it covers 2 models." in page


def test_an_alias_tells_who_was_granted_it_alone(admin_client: Client, team: Group) -> None:
    one = Connection.objects.create(name="one", base_url="https://one.example/v1")
    row = RegisteredModel.objects.create(connection=one, model="gpt-4o", public_id="four")
    ModelGrant.objects.create(pattern="four", group=team)
    ModelGrant.objects.create(pattern="*", everyone=True)
    assert "granted to team (2 members), who lose it" in told(admin_client, row)


@pytest.fixture
def remover(client: Client) -> Client:
    """A member of staff who may delete, and sees neither users nor grants."""
    user = User.objects.create_user("remover", is_staff=True)
    names = ("delete_connection", "delete_registeredmodel", "delete_group", "delete_modelgrant")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def test_those_who_see_no_grants_are_told_how_many_lose_a_model(
    remover: Client, serving: None, team: Group
) -> None:
    ModelGrant.objects.create(pattern="whisper-*", group=team)
    two = Connection.objects.get(name="two")
    row = RegisteredModel.objects.create(connection=two, model="gpt-4o", public_id="four")
    ModelGrant.objects.create(pattern="four", group=team)
    page = told(remover, two)
    assert "They are lost by 1 group and 1 user." in page
    assert "granted to 1 group, who lose it" in told(remover, row)
    assert "team" not in page
    assert "alice" not in page


def test_those_who_see_no_users_are_not_told_the_members_of_a_group(
    remover: Client, team: Group
) -> None:
    page = told(remover, team)
    assert "2 members lose what it gives" in page
    assert not re.search(r"\bada\b", page)


def test_the_list_of_grants_tells_how_many_models_each_covers(
    admin_client: Client, serving: None
) -> None:
    ModelGrant.objects.create(pattern="nothing-*", everyone=True)
    page = admin_client.get(GRANTS).content.decode()
    assert "2 models\n" in page  # two/*
    assert "no model\n" in page


def test_a_process_that_serves_nothing_does_not_know(admin_client: Client, db: None) -> None:
    ModelGrant.objects.create(pattern="*", everyone=True)
    assert "unknown\n" in admin_client.get(GRANTS).content.decode()


@pytest.mark.parametrize(("pattern", "is_warned"), [("nothing-*", True), ("shared", False)])
def test_a_grant_that_covers_nothing_is_told_of_when_it_is_made(
    admin_client: Client, serving: None, pattern: str, *, is_warned: bool
) -> None:
    form = {"pattern": pattern, "everyone": "on"}
    page = unescape(admin_client.post(ADD_GRANT, form, follow=True).content.decode())
    assert (f"{pattern} covers no model that is offered now." in page) == is_warned
    assert ModelGrant.objects.filter(pattern=pattern).exists()


def test_many_names_are_counted() -> None:
    assert named(str(n) for n in range(MOST_NAMED + 2)).endswith(", 9 and 2 more")

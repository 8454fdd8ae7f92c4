"""The admin says what a deletion takes along and what it leaves, and tells namesakes apart."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.models import ApiKey, User
from connections.models import Connection
from connections.models.key_source import KeySource
from models_registry.models import ModelGrant, RegisteredModel

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> dict[str, Any]:
    ada = User.objects.create_user("ada")
    key, _ = ApiKey.objects.issue(ada, name="laptop")
    ApiKey.objects.issue(ada, name="phone")
    team = Group.objects.create(name="team")
    ada.groups.add(team)
    connection = Connection.objects.create(name="one", base_url="https://one.example/v1")
    connection.replace_keys([KeySource.parse("canary-key")])
    return {
        "user": ada,
        "key": key,
        "group": team,
        "connection": connection,
        "model": RegisteredModel.objects.create(
            connection=connection, model="gpt-4o", public_id="four"
        ),
        "grant": ModelGrant.objects.create(pattern="gpt-*", group=team),
    }


def name_of(row: Any, page: str) -> str:
    return f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}"


TOLD = {
    "user": ["ada: 2 API keys and their running streams end at once", "Usage records stay"],
    "key": ["ada keeps 1 other key that works.", "Usage records stay"],
    "group": ["1 member loses what it gives", "The grant gpt-* →", "usage records stay"],
    "connection": [
        *("1 stored key", "Usage records stay under the name", "deleted: one/gpt-4o"),
        "Grants stay",
    ],
    "model": ["The connection one goes on offering gpt-4o", "Calls to four find nothing"],
    "grant": ["1 member of team loses the models that gpt-* covers"],
}


@pytest.mark.parametrize("kind", TOLD)
@pytest.mark.parametrize("is_selected", [False, True], ids=["page", "list"])
def test_a_deletion_tells_what_it_means_before(admin_client, rows, kind, is_selected):
    row = rows[kind]
    if is_selected:
        chosen = {"action": "delete_selected", ACTION_CHECKBOX_NAME: [str(row.pk)]}
        page = admin_client.post(reverse(name_of(row, "changelist")), chosen)
    else:
        page = admin_client.get(reverse(name_of(row, "delete"), args=[row.pk]))
    text = html.unescape(page.content.decode())
    assert [sentence for sentence in TOLD[kind] if sentence not in text] == []
    assert "canary" not in text
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (0, "0 members of team lose "),
        (1, "1 member of team loses "),
        (2, "2 members of team lose "),
    ],
)
def test_the_verb_is_of_the_number_of_members(admin_client, members, words):
    team = Group.objects.create(name="team")
    team.user_set.set(User.objects.create(username=f"user-{n}") for n in range(members))
    grant = ModelGrant.objects.create(pattern="gpt-*", group=team)
    page = admin_client.get(reverse(name_of(grant, "delete"), args=[grant.pk]))
    assert words in page.content.decode()


def test_a_person_and_everyone_lose_what_was_granted(admin_client):
    ada = User.objects.create(username="ada")
    for fields, words in (({"user": ada}, "ada loses "), ({"everyone": True}, "All users lose ")):
        grant = ModelGrant.objects.create(pattern="gpt-*", **fields)
        page = admin_client.get(reverse(name_of(grant, "delete"), args=[grant.pk]))
        assert words in page.content.decode()


def test_many_rows_are_told_of_in_short(admin_client):
    users = [User.objects.create(username=f"user-{n}") for n in range(25)]
    chosen = {"action": "delete_selected", ACTION_CHECKBOX_NAME: [user.pk for user in users]}
    page = admin_client.post(reverse("admin:accounts_user_changelist"), chosen).content.decode()
    assert "The same holds for 5 more." in page


def test_namesakes_are_told_apart_where_one_is_chosen(admin_client):
    for name, email, state in (("ada", "ada@a.example", True), ("ada-2", "ada@b.example", False)):
        User.objects.create(
            username=name, email=email, first_name="Ada", last_name="Lovelace", is_active=state
        )
    asked = {"app_label": "models_registry", "model_name": "modelgrant", "field_name": "user"}
    found = admin_client.get(reverse("admin:autocomplete"), asked | {"term": "lovelace"}).json()
    assert [each["text"] for each in found["results"]] == [
        "ada (Ada Lovelace, ada@a.example)",
        "ada-2 (Ada Lovelace, ada@b.example, not active)",
    ]

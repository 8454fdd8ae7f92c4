"""Grants in the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from models_registry.models import ModelGrant

pytestmark = pytest.mark.django_db
LIST = reverse("admin:models_registry_modelgrant_changelist")
ADD = reverse("admin:models_registry_modelgrant_add")


@pytest.fixture
def group() -> Group:
    return Group.objects.create(name="research")


def test_a_pattern_is_granted_to_a_group(admin_client: Client, group: Group) -> None:
    admin_client.post(ADD, {"pattern": "openai/*", "group": group.pk})
    grant = ModelGrant.objects.get()
    assert (grant.pattern, grant.group, grant.user) == ("openai/*", group, None)


def test_nobody_is_no_grantee(admin_client: Client) -> None:
    page = admin_client.post(ADD, {"pattern": "*"}).content.decode()
    assert page.count("exactly one of them") == 1
    assert not ModelGrant.objects.exists()


def test_two_grantees_are_one_too_many(admin_client: Client, group: Group) -> None:
    page = admin_client.post(ADD, {"pattern": "*", "group": group.pk, "everyone": "on"})
    assert "exactly one of them" in page.content.decode()


@pytest.mark.parametrize("grantee", ["group", "user", "everyone"])
def test_the_same_grant_twice_is_a_form_error(
    admin_client: Client, admin_user: User, group: Group, grantee: str
) -> None:
    value = {"group": group.pk, "user": admin_user.pk, "everyone": "on"}[grantee]
    data = {"pattern": "gpt-4o", grantee: value}
    assert admin_client.post(ADD, data).status_code == 302
    page = admin_client.post(ADD, data).content.decode()
    assert "This grant exists already." in page
    assert "registry_grant" not in page
    assert ModelGrant.objects.count() == 1


def test_a_grant_may_be_saved_again(admin_client: Client, group: Group) -> None:
    grant = ModelGrant.objects.create(pattern="gpt-4o", group=group)
    url = reverse("admin:models_registry_modelgrant_change", args=[grant.pk])
    assert admin_client.post(url, {"pattern": "gpt-4o", "group": group.pk}).status_code == 302


def test_group_and_user_are_found_by_typing(admin_client: Client, group: Group) -> None:
    for model, term in (("group", "rese"), ("user", "adm")):
        query = {
            "term": term,
            "app_label": "models_registry",
            "model_name": "modelgrant",
            "field_name": model,
        }
        assert len(admin_client.get(reverse("admin:autocomplete"), query).json()["results"]) == 1


def test_a_list_of_30_takes_as_many_queries_as_one_of_3(admin_client: Client) -> None:
    few = count_queries(admin_client, 3)
    assert count_queries(admin_client, 30) == few


def count_queries(client: Client, rows: int) -> int:
    for number in range(ModelGrant.objects.count(), rows):
        group = Group.objects.create(name=f"group-{number}")
        ModelGrant.objects.create(pattern="*", group=group)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(LIST).context["cl"].result_count == rows
    return len(queries)

"""The models of one person, and why."""

from __future__ import annotations

from html import unescape

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from models_registry.models import ModelGrant
from tests.models_registry.conftest import serving_lists

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = reverse("admin:models_registry_access_person")


@pytest.fixture
def serving():
    with serving_lists({"one": ["gpt-4o", "o3"], "two": ["haiku"]}):
        yield


def seen(client: Client, **query: str) -> str:
    page = client.get(PAGE, query)
    assert page.status_code == 200
    return " ".join(unescape(page.content.decode()).split())


def test_the_models_of_a_person_come_with_their_reasons(admin_client: Client, serving) -> None:
    team = Group.objects.create(name="team")
    User.objects.get(username="alice").groups.add(team)
    ModelGrant.objects.create(pattern="o3", group=team)
    page = seen(admin_client, user="alice")
    assert "may use <strong>2</strong> of 3 models, as a member of team" in page
    assert "two/* is granted to user alice" in page
    assert "o3 is granted to group team" in page
    assert "gpt-4o" not in page


def test_one_who_is_switched_off_or_has_no_grant_is_told_so(admin_client: Client, serving) -> None:
    User.objects.create_user("off", is_active=False)
    assert "is switched off" in seen(admin_client, user="off")
    User.objects.create_user("new")
    page = seen(admin_client, user="new")
    assert "No grant reaches new." in page
    assert "is in no group" in page


def test_staff_see_every_model(admin_client: Client, serving) -> None:
    page = seen(admin_client, user="admin")
    assert "may use <strong>3</strong> of 3 models" in page
    assert "staff may use every model" in page


def test_a_name_that_is_nearly_right_is_helped(admin_client: Client, serving) -> None:
    assert 'Did you mean <a href="?user=alice">alice</a>?' in seen(admin_client, user="lic")
    assert "Give a user name" in seen(admin_client)


def test_many_models_take_as_many_queries(admin_client: Client, db) -> None:
    lists = {"two": [f"model-{n}" for n in range(300)]}
    with serving_lists(lists), CaptureQueriesContext(connection) as queries:
        found = len(queries)
        page = seen(admin_client, user="alice")
    assert "may use <strong>300</strong>" in page
    assert "page=2" in page
    assert len(queries) - found <= 12


def test_a_process_that_serves_nothing_says_so(admin_client: Client, db) -> None:
    assert "knows no models" in seen(admin_client, user="admin")


@pytest.mark.parametrize("missing", ["view_user", "view_group", "view_modelgrant"])
def test_it_takes_the_permissions_to_see_whom_it_names(client: Client, missing: str, db) -> None:
    names = {"view_user", "view_group", "view_modelgrant", "view_registeredmodel"}
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=names - {missing}))
    client.force_login(viewer)
    assert client.get(PAGE, {"user": "viewer"}).status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename=missing))
    assert client.get(PAGE, {"user": "viewer"}).status_code == 200

"""The admin's page with all models, and the warnings on the pages around it."""

from __future__ import annotations

from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connections.models import Connection
from models_registry.models import RegisteredModel
from tests.models_registry.conftest import serving_lists

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = reverse("admin:models_registry_models")
CONNECTIONS = reverse("admin:connections_connection_changelist")
GRANTS = reverse("admin:models_registry_modelgrant_changelist")


def text_of(client: Client, url: str, **query: str) -> str:
    page = client.get(url, query)
    assert page.status_code == 200
    return unescape(page.content.decode())


def test_all_models_are_there_with_what_serves_them(admin_client: Client, serving) -> None:
    page = text_of(admin_client, PAGE)
    for shown in ("one/shared", "two/shared", "down/kept", "not for chat", "4 models"):
        assert shown in page


def test_names_of_models_do_nothing(admin_client: Client, serving) -> None:
    page = admin_client.get(PAGE).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("url", [PAGE, GRANTS])
def test_collisions_and_silent_upstreams_are_warned_of(
    admin_client: Client, serving, url: str
) -> None:
    page = text_of(admin_client, url)
    assert "1 model is offered more than once (shared)." in page
    assert "1 connection gives no list of models: down." in page
    assert "down gave no list of models when asked" in page
    assert "The models that are entered in its form are offered." in page
    down = Connection.objects.get(name="down")
    assert f'"{reverse("admin:connections_connection_change", args=[down.pk])}"' in page


def test_connections_are_told_of_once_in_their_own_list(admin_client: Client, serving) -> None:
    page = text_of(admin_client, CONNECTIONS)
    assert "1 model is offered more than once (shared)." in page
    assert "1 of 3 enabled connections needs you: unreachable (down)." in page
    assert "The upstream cannot be reached. The models that are entered in its form" in page
    assert "no list of models when asked" not in page


def test_many_silent_upstreams_are_one_line_and_no_list_is_made_up(
    admin_client: Client, db
) -> None:
    with serving_lists(dict.fromkeys(("one", "two", "down"))):
        page = text_of(admin_client, GRANTS)
    assert page.count("<details>") == 1
    assert "3 connections give no list of models: one, two, down." in page
    assert page.count("It has never given one, so it offers no model.") == 2
    assert "still offered" not in page


def test_staff_who_may_not_see_connections_get_no_link_to_them(client: Client, serving) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_modelgrant"))
    client.force_login(staff)
    page = text_of(client, GRANTS)
    assert "down gave no list" in page
    assert "Open the connection" not in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"q": "SHARED"}, "1 model"),
        ({"q": "two/"}, "2 models"),
        ({"show": "collisions"}, "1 model"),
        ({"show": "stale"}, "1 model"),
        ({"q": "nothing"}, "0 models"),
        ({"show": "odd", "page": "x"}, "4 models"),
    ],
)
def test_models_are_found(admin_client: Client, serving, query: dict, count: str) -> None:
    assert f"<span>{count}</span>" in text_of(admin_client, PAGE, **query)


def test_why_a_user_may_use_a_model_is_told(admin_client: Client, serving) -> None:
    page = text_of(admin_client, PAGE, user="alice", model="shared")
    assert "alice may use shared." in page
    assert "two/shared: two/* is granted to user alice" in page
    assert "one/shared: not granted" in page
    assert "There is no such user." in text_of(admin_client, PAGE, user="bob", model="shared")


def test_a_model_is_one_click_from_its_registration(admin_client: Client, serving) -> None:
    one = Connection.objects.get(name="one")
    add = reverse("admin:models_registry_registeredmodel_add")
    assert f"{add}?connection={one.pk}&model=shared" in text_of(admin_client, PAGE)
    form = text_of(admin_client, add, connection=str(one.pk), model="shared")
    assert 'value="shared"' in form
    row = RegisteredModel.objects.create(connection=one, model="shared")
    change = reverse("admin:models_registry_registeredmodel_change", args=[row.pk])
    assert change in text_of(admin_client, PAGE)


def test_a_process_that_serves_nothing_says_so(admin_client: Client, db) -> None:
    assert "knows no models" in text_of(admin_client, PAGE)
    assert "offered more than once" not in text_of(admin_client, GRANTS)


def test_the_page_is_for_those_who_may_see_models(client: Client, serving) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    assert client.get(PAGE).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_registeredmodel"))
    page = text_of(client, PAGE, user="staff", model="shared")
    assert "one/shared" in page
    assert "may use shared" not in page


def test_a_row_of_the_page_is_light(admin_client: Client, db) -> None:
    def size_with(number: int) -> int:
        with serving_lists({"one": [f"model-{n:02}" for n in range(number)]}):
            return len(admin_client.get(PAGE).content)

    few = size_with(10)
    Connection.objects.all().delete()
    User.objects.filter(username="alice").delete()
    assert (size_with(50) - few) / 40 < 800

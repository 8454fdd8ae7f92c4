"""What Ctrl-K finds, and for whom."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey, User
from connections.models import Connection
from gateway_project.palette import find
from models_registry.models import RegisteredModel
from tests.usage.records import a_record
from usage.storing import store

pytestmark = pytest.mark.django_db
MOST_QUERIES = 6
SEARCH = reverse("admin:search")


@pytest.fixture
def rows():
    user = User.objects.create(username="zeta-ada", email="ada@example.com")
    key, _ = ApiKey.objects.issue(user, name="zeta-laptop")
    one = Connection.objects.create(name="zeta-openai", base_url="https://one.example/v1")
    RegisteredModel.objects.create(connection=one, model="zeta-4o")
    store([a_record(request_id="req_01zeta", client_request_id="zeta-77")])
    return {"zeta-ada", "zeta-laptop", "zeta-openai", "zeta-4o", key.hint}


def titles(client, text):
    return {
        each.title for each in client.get(SEARCH, {"s": text, "extended": 1}).context["results"]
    }


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Zeta-A", "zeta-ada"),
        ("ada@exam", "zeta-ada"),
        ("zeta-lap", "zeta-laptop"),
        ("openai", "zeta-openai"),
        ("ETA-4o", "zeta-4o"),
        ("req_01zeta", "req_01zeta"),
        ("req_01z", "req_01zeta"),
        ("zeta-77", "req_01zeta"),
    ],
)
def test_each_kind_is_found(admin_client, rows, text, title):
    assert title in titles(admin_client, text)


def test_a_key_is_found_by_its_hint(admin_client, rows):
    hint = ApiKey.objects.get().hint
    assert titles(admin_client, hint) == {"zeta-laptop"}


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("view_user", {"zeta-ada"}),
        ("view_apikey", {"zeta-laptop"}),
        ("view_connection", {"zeta-openai"}),
        ("view_registeredmodel", {"zeta-4o"}),
        ("view_usagerow", set()),
        ("", set()),
    ],
)
def test_only_what_one_may_see_is_found(rows, permission, expected):
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename=permission))
    client = Client()
    client.force_login(user)
    assert titles(client, "zeta-") == expected
    assert bool(titles(client, "req_01zeta")) is (permission == "view_usagerow")


def test_it_takes_few_queries(rf, rows, admin_user):
    request = rf.get(SEARCH)
    request.user = admin_user
    with CaptureQueriesContext(connection) as queries:
        assert find(request, "zeta-77")
    assert len(queries) <= MOST_QUERIES


@pytest.mark.parametrize("text", ["\0ab", "%", "z" * 300, "'\"\\", "_"])
def test_odd_texts_do_no_harm(admin_client, rows, text):
    assert admin_client.get(SEARCH, {"s": text, "extended": 1}).status_code == 200


def test_what_one_may_not_see_any_more_is_not_found(rows):
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_user"))
    client = Client()
    client.force_login(user)
    assert titles(client, "zeta-") == {"zeta-ada"}
    assert titles(client, "users") == {"Users"}
    user.user_permissions.clear()
    assert titles(client, "zeta-") == titles(client, "users") == set()


def test_rows_are_for_the_palette_alone(admin_client, rows):
    shown = admin_client.get(SEARCH, {"s": "zeta-"}).context["results"]
    assert list(shown) == []
    assert "Connections" in admin_client.get(SEARCH, {"s": "connection"}).content.decode()


@pytest.mark.parametrize("page", ["-5", "0", "abc", "²", "9" * 5000, ""])
def test_no_number_of_a_page_does_harm(admin_client, rows, page):
    asked = {"s": "zeta-", "extended": 1, "page": page}
    assert admin_client.get(SEARCH, asked).status_code == 200


def test_nothing_is_asked_for_an_empty_text(admin_client):
    assert admin_client.get(SEARCH, {"s": ""}).content == b""

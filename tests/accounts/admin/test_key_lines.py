"""The list of keys: what each is, opens and used, and which want a look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.admin.key_lines import key_lines, opens
from accounts.models import ApiKey, KeyHealth, User
from accounts.models.api_key_states import health_of
from tests.usage.records import a_record
from usage.storing import store

pytestmark = pytest.mark.django_db

KEYS = reverse("admin:accounts_apikey_changelist")
NOW = timezone.now()
OLD = NOW - timedelta(days=100)


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob")


def a_key(user: User, **columns: Any) -> ApiKey:
    row, _ = ApiKey.objects.issue(user, name=columns.pop("name", ""))
    ApiKey.objects.filter(pk=row.pk).update(**columns)
    return ApiKey.objects.get(pk=row.pk)


@pytest.mark.parametrize(
    ("columns", "health"),
    [
        ({}, KeyHealth.ACTIVE),
        ({"created_at": OLD}, KeyHealth.UNUSED),
        ({"created_at": OLD, "last_used_at": NOW}, KeyHealth.ACTIVE),
        ({"created_at": OLD, "last_used_at": OLD}, KeyHealth.UNUSED),
        ({"expires_at": NOW + timedelta(days=13)}, KeyHealth.EXPIRING),
        ({"expires_at": NOW + timedelta(days=15)}, KeyHealth.ACTIVE),
        ({"created_at": OLD, "expires_at": OLD + timedelta(days=1)}, KeyHealth.EXPIRED),
        ({"revoked_at": NOW, "expires_at": NOW + timedelta(days=1)}, KeyHealth.REVOKED),
    ],
)
def test_the_chip_of_its_health_finds_a_key(
    bob: User, columns: dict[str, Any], health: KeyHealth
) -> None:
    key = a_key(bob, **columns)
    assert health_of(key, timezone.now()) is health
    assert list(ApiKey.objects.all().in_health(health)) == [key]
    assert ApiKey.objects.all().counted_by_health()[health] == 1


def test_what_a_key_opens_is_said_in_words(bob: User) -> None:
    assert opens(ApiKey(user=bob)) == "All models of its user"
    narrow = ApiKey(user=bob, model_patterns=["a*", "b", "c", "d"], may_speak_for_users=True)
    assert opens(narrow) == "a*, b and 2 more, speaks for users"
    assert opens(ApiKey(user=bob, scopes=["admin"])) == "scope admin"


def test_buttons_are_for_those_who_may(bob: User, admin_user: User) -> None:
    keys = [a_key(bob), a_key(admin_user), a_key(bob, revoked_at=NOW)]
    staff = User.objects.create_user("helper", is_staff=True)
    assert {line.rotate_url + line.revoke_url for line in key_lines(keys, staff)} == {""}
    staff.user_permissions.set(Permission.objects.filter(codename="change_apikey"))
    lines = key_lines(keys, User.objects.get(pk=staff.pk))
    assert [bool(line.rotate_url) for line in lines] == [True, False, False]
    assert [bool(line.revoke_url) for line in lines] == [True, True, False]
    assert [bool(line.rotate_url) for line in key_lines(keys, admin_user)] == [True, True, False]


def test_use_of_thirty_days_is_told_with_a_link(admin_client: Client, bob: User) -> None:
    used, unused = a_key(bob, name="used"), a_key(bob, name="unused")
    fields = {"user_id": bob.pk, "username": "bob", "key_id": used.pk, "key_hint": used.hint}
    store([a_record(request_id=f"req_{n}", **fields) for n in range(3)])
    page = admin_client.get(KEYS).content.decode()
    assert f"key_id={used.pk}" in page
    assert f"key_id={unused.pk}" not in page


def test_who_may_not_see_usage_sees_no_column_of_it(bob: User) -> None:
    a_key(bob)
    staff = User.objects.create_user("helper", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename="view_apikey"))
    client = Client()
    client.force_login(staff)
    assert "30 days" not in client.get(KEYS).content.decode()


def test_a_hundred_rows_are_light_and_take_few_queries(admin_client: Client, bob: User) -> None:
    def measured(number: int) -> tuple[int, int]:
        for _ in range(number - ApiKey.objects.count()):
            a_key(bob, name="laptop")
        with CaptureQueriesContext(connection) as queries:
            size = len(admin_client.get(KEYS).content)
        return size, len(queries)

    few, _ = measured(5)
    many, queries = measured(55)
    assert (many - few) / 50 < 1500
    assert queries <= 12


def test_a_list_without_a_key_names_the_next_step(admin_client: Client) -> None:
    page = admin_client.get(KEYS).content.decode()
    assert "No key has been made yet" in page
    assert "No key is like that" in admin_client.get(KEYS, {"state": "revoked"}).content.decode()


def test_a_button_rotates_with_the_usual_overlap(admin_client: Client, bob: User) -> None:
    row = a_key(bob)
    url = reverse("admin:accounts_apikey_rotate", args=[row.pk])
    response = admin_client.post(url, follow=True)
    assert response.context["key"]
    left = row.earlier_keys.get().expires_at - timezone.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)

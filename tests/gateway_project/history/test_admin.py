"""The list of changes, and those of one object."""

from __future__ import annotations

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connections.models import Connection

pytestmark = pytest.mark.django_db

LIST = "admin:auditlog_logentry_changelist"


@pytest.fixture
def connection() -> Connection:
    row = Connection.objects.create(name="paris", base_url="https://one.example/v1")
    row.timeout_seconds = 7
    row.save()
    return row


def test_the_list_tells_what_changed(admin_client: Client, connection: Connection) -> None:
    page = admin_client.get(reverse(LIST)).content.decode()
    assert "changed connection" in page
    assert "timeout (s): – → 7" in page
    assert reverse("admin:connections_connection_change", args=[connection.pk]) in page


def test_the_page_is_named_in_our_words(admin_client: Client, connection: Connection) -> None:
    page = admin_client.get(reverse(LIST)).content.decode()
    assert "History" in page
    assert "Changes" in page
    for theirs in ("Audit log", "Log entries", "log entry", "log entries"):
        assert theirs not in page


def test_an_object_s_history_tells_every_change(
    admin_client: Client, connection: Connection
) -> None:
    url = reverse("admin:connections_connection_history", args=[connection.pk])
    page = admin_client.get(url).content.decode()
    assert "<strong>timeout (s)</strong>: – → 7" in page
    assert "<time datetime=" in page


def test_changes_of_what_a_person_may_not_see_are_left_out(
    client: Client, connection: Connection
) -> None:
    reader = User.objects.create_user("reader", is_staff=True)
    reader.user_permissions.add(
        Permission.objects.get(codename="view_logentry", content_type__app_label="auditlog")
    )
    client.force_login(reader)
    assert "paris" not in client.get(reverse(LIST)).content.decode()
    reader.user_permissions.add(Permission.objects.get(codename="view_connection"))
    assert "paris" in client.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("sees_users", [True, False])
def test_members_are_named_to_those_who_may_see_users(client: Client, *, sees_users: bool) -> None:
    Group.objects.create(name="team").user_set.add(User.objects.create_user("low-ada"))
    reader = User.objects.create_user("reader", is_staff=True)
    names = ["view_logentry", "view_group", *(["view_user"] if sees_users else [])]
    reader.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(reader)
    page = client.get(reverse(LIST), {"q": "team"}).content.decode()
    assert "team" in page
    assert ("low-ada" in page) is sees_users
    assert ("(hidden)" in page) is not sees_users


def test_an_unknown_way_chooses_nothing(admin_client: Client, connection: Connection) -> None:
    """PostgreSQL takes no JSON with the character zero."""
    for way in ("%00", "elsewhere"):
        assert "paris" in admin_client.get(f"{reverse(LIST)}?way={way}").content.decode()


def test_strangers_see_no_history(client: Client, connection: Connection) -> None:
    client.force_login(User.objects.create_user("reader", is_staff=True))
    assert client.get(reverse(LIST)).status_code == 403


def test_entries_are_neither_changed_nor_deleted(
    admin_client: Client, connection: Connection
) -> None:
    entry = LogEntry.objects.order_by("pk")[0]
    change = reverse("admin:auditlog_logentry_change", args=[entry.pk])
    delete = reverse("admin:auditlog_logentry_delete", args=[entry.pk])
    assert admin_client.post(change, {"object_repr": "x"}).url == reverse(LIST)
    entry.refresh_from_db()
    assert entry.object_repr != "x"
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    assert admin_client.get(reverse("admin:auditlog_logentry_add")).status_code == 403


def test_a_page_of_many_changes_takes_few_queries(
    admin_client: Client, connection: Connection, django_assert_max_num_queries
) -> None:
    for number in range(60):
        connection.timeout_seconds = number + 1
        connection.save()
    with django_assert_max_num_queries(12):
        admin_client.get(reverse(LIST))

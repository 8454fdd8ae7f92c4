"""Two admins at one row: the second save does not undo the first."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, User
from connections.models import Connection, GatewaySettings
from connections.models.key_source import KeySource
from models_registry.models import ModelGrant, RegisteredModel
from tests.support.processes import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db
LIST = reverse("admin:connections_connection_changelist")


@pytest.fixture
def other() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("other"))
    return client


@pytest.fixture
def connection() -> Connection:
    made = Connection.objects.create(
        name="one", base_url="https://one.example/v1", headers={"x-a": "canary-header"}
    )
    made.replace_keys([KeySource.parse("canary-key-1")])
    return made


def url(row: Any) -> str:
    """Of its form, which for some rows is behind a page that tells about them."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return f"{reverse(name, args=[row.pk])}?edit=1"


def opened(client: Client, url: str) -> dict[str, Any]:
    """The fields of the form on a page, as a browser would send them back."""
    page = client.get(url)
    form = page.context["adminform"].form
    fields = {field.html_name: field.value() for field in form if field.value() is not None}
    for formset in page.context["inline_admin_formsets"]:
        for part in (formset.formset.management_form, *formset.formset.initial_forms):
            fields |= {field.html_name: field.value() for field in part}
    shown = re.search(r'name="row_versions" value="([^"]*)"', page.content.decode())
    assert shown, "the form carries no versions"
    fields["row_versions"] = html.unescape(shown[1])
    as_text = {
        name: "\n".join(map(str, value)) if name in {"tags", "model_ids"} else value
        for name, value in fields.items()
    }
    return {name: value for name, value in as_text.items() if value not in (None, False)}


def rows(connection: Connection) -> dict[str, tuple[Any, dict[str, Any], dict[str, Any]]]:
    """A row of each kind, what one admin changes in it, and what the other does."""
    user = User.objects.create_user("ada", email="ada@example.com")
    key, _ = ApiKey.objects.issue(user, name="laptop")
    team, second = (Group.objects.create(name=name) for name in ("team", "second"))
    return {
        "user": (user, {"first_name": "Ada"}, {"groups": [team.pk]}),
        "group": (team, {"name": "crew"}, {"name": "squad"}),
        "key": (key, {"name": "phone"}, {"model_patterns": "gpt-*"}),
        "model": (
            RegisteredModel.objects.create(connection=connection, model="gpt-4o"),
            {"display_name": "Four"},
            {"description": "Mine"},
        ),
        "grant": (
            ModelGrant.objects.create(pattern="*", group=second),
            {"pattern": "gpt-*"},
            {"pattern": "o*"},
        ),
        "connection": (connection, {"priority": 5}, {"tags": "mine"}),
        "settings": (GatewaySettings.load(), {"models_cache_ttl": 7.5}, {"models_cache_ttl": 8}),
    }


@pytest.mark.parametrize(
    "kind", ["user", "group", "key", "model", "grant", "connection", "settings"]
)
def test_the_second_save_is_refused_and_told(admin_client, other, connection, kind):
    row, theirs, mine = rows(connection)[kind]
    row.save()
    form = opened(admin_client, url(row))
    if kind == "settings":
        form |= dict.fromkeys(
            ("enable_openai_api", "bypass_model_access_control", "forward_user_info_headers"),
            "unknown",
        )
    first = other.post(url(row), form | theirs)
    assert first.status_code == 302, first.context["errors"]
    [(name, value)] = theirs.items()

    page = admin_client.post(url(row), form | mine)

    row.refresh_from_db()
    assert page.status_code == 200
    assert str(getattr(row, name)) == str(value)
    told = page.context["adminform"].form.non_field_errors()[0]
    assert "other (" in told
    assert f"is now “{value}”" in told
    [(name, entered)] = mine.items()
    kept = page.context["adminform"].form[name].value()
    assert kept == ([str(each) for each in entered] if isinstance(entered, list) else str(entered))
    assert html.escape(told)[:20] in page.content.decode()

    known = re.search(r'name="row_versions" value="([^"]*)"', page.content.decode())
    again = form | mine | {"row_versions": html.unescape(known[1])}
    assert admin_client.post(url(row), again).status_code == 302


def test_one_admin_alone_is_never_refused(admin_client, connection):
    for _ in range(2):
        form = opened(admin_client, url(connection))
        assert admin_client.post(url(connection), form | {"priority": 7}).status_code == 302


def test_a_mistake_keeps_the_versions_of_when_the_form_was_opened(admin_client, other, connection):
    form = opened(admin_client, url(connection))
    other.post(url(connection), form | {"priority": 5})
    page = admin_client.post(url(connection), form | {"base_url": "nonsense"})
    assert "has changed this since" in page.content.decode()
    assert Connection.objects.get().priority == 5


def test_secrets_are_told_of_and_not_told(admin_client, other, connection):
    form = opened(admin_client, url(connection))
    Connection.objects.update(headers={"x-a": "canary-2"})
    connection.replace_keys([KeySource.parse("canary-key-2")])
    page = admin_client.post(url(connection), form).content.decode()
    assert "“Extra headers” has another value now" in page
    assert "“Connection keys” has another value now" in page
    assert "canary" not in page


def listed(connection: Connection, shown: int, entered: int) -> dict[str, Any]:
    return {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-id": connection.pk,
        "form-0-priority-shown": shown,
        "form-0-priority": entered,
        "_save": "Save",
    }


def test_the_list_sends_back_what_it_showed(admin_client, connection):
    assert 'name="form-0-priority-shown"' in admin_client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("shown", "entered", "stored", "is_refused"),
    [(10, 10, 5, False), (10, 7, 5, True), (5, 7, 7, False), (10, 5, 5, False)],
)
def test_a_list_saves_only_what_was_changed_in_it(
    admin_client, connection, shown, entered, stored, is_refused
):
    Connection.objects.update(priority=5)
    page = admin_client.post(LIST, listed(connection, shown, entered))
    assert Connection.objects.get().priority == stored
    assert (page.status_code == 200) == is_refused


def test_a_list_leaves_alone_what_was_not_changed_in_it(admin_client, connection):
    Connection.objects.update(is_enabled=False)  # by somebody else, since the list was opened
    shown = {"form-0-is_enabled-shown": "True", "form-0-is_enabled": "on"}
    sent = listed(connection, connection.priority, connection.priority + 1) | shown
    assert admin_client.post(LIST, sent).status_code == 302
    now = Connection.objects.get()
    assert (now.is_enabled, now.priority) == (False, connection.priority + 1)


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_the_same_moment_one_is_refused(admin_client, other, connection):
    form = opened(admin_client, url(connection))
    barrier = Barrier(2)

    def save(client: Client, priority: int) -> int:
        barrier.wait(PATIENCE_SECONDS)
        try:
            return client.post(url(connection), form | {"priority": priority}).status_code
        finally:
            database.close()

    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(save, admin_client, 5), pool.submit(save, other, 7)]
    assert sorted(answer.result() for answer in answers) == [200, 302]

"""The models of a connection over time, and the tab that shows them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from connections.models import Connection
from models_registry.listed import news_of, offered_now
from models_registry.listed_notes import FORGOTTEN_AFTER, note_listed
from models_registry.models import ListedModel, RegisteredModel

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.fixture
def connection() -> Connection:
    return Connection.objects.create(name="one", base_url="https://one.example/v1")


def news(connection: Connection) -> tuple[list[str], list[str]]:
    found = news_of(connection, now=NOW)
    return [row.model for row in found.new], [row.model for row in found.gone]


def test_models_of_the_first_list_are_not_new(connection: Connection) -> None:
    note_listed(connection.pk, {"a", "b"}, at=NOW - 2 * DAY)
    assert news(connection) == ([], [])
    assert offered_now(connection) == {"a", "b"}


def test_what_came_and_went_is_told(connection: Connection) -> None:
    note_listed(connection.pk, {"a", "b"}, at=NOW - 3 * DAY)
    note_listed(connection.pk, {"b", "c"}, at=NOW - 2 * DAY)
    assert news(connection) == (["c"], ["a"])
    assert offered_now(connection) == {"b", "c"}
    note_listed(connection.pk, {"a", "b", "c"}, at=NOW - DAY)
    assert news(connection) == (["c"], [])


def test_news_are_of_thirty_days(connection: Connection) -> None:
    note_listed(connection.pk, {"a"}, at=NOW - 50 * DAY)
    note_listed(connection.pk, {"b"}, at=NOW - 40 * DAY)
    assert news(connection) == ([], [])


def test_what_has_long_been_gone_is_forgotten(connection: Connection) -> None:
    note_listed(connection.pk, {"a", "b"}, at=NOW - FORGOTTEN_AFTER - 2 * DAY)
    note_listed(connection.pk, {"b"}, at=NOW - FORGOTTEN_AFTER - DAY)
    note_listed(connection.pk, {"b"}, at=NOW)
    assert [row.model for row in ListedModel.objects.all()] == ["b"]


def test_an_id_that_no_row_can_hold_is_passed_over(connection: Connection) -> None:
    note_listed(connection.pk, {"a", "b" * 301}, at=NOW)
    assert offered_now(connection) == {"a"}


def test_models_that_are_entered_are_those_offered(connection: Connection) -> None:
    note_listed(connection.pk, {"a"}, at=NOW)
    connection.model_ids = ["mine"]
    assert offered_now(connection) == {"mine"}


def test_the_tab_links_each_model_and_names_the_news(
    admin_client: Client, connection: Connection
) -> None:
    note_listed(connection.pk, {"a", "old"}, at=NOW - 3 * DAY)
    note_listed(connection.pk, {"a", "<b>"}, at=NOW - 2 * DAY)
    row = RegisteredModel.objects.create(connection=connection, model="a", public_id="alias")
    url = reverse("connection_models", args=[connection.pk])
    shown = admin_client.get(url).content.decode()
    assert reverse("admin:models_registry_registeredmodel_change", args=[row.pk]) in shown
    for told in ("alias", "1 new in 30 days", "1 gone in 30 days", "&lt;b&gt;", "2 models"):
        assert told in shown
    assert "1 model" in admin_client.get(url, {"q": "B>"}).content.decode()
    assert "No model of this connection" in admin_client.get(url, {"q": "zzz"}).content.decode()


def test_an_empty_tab_names_the_next_step(admin_client: Client, connection: Connection) -> None:
    shown = admin_client.get(reverse("connection_models", args=[connection.pk])).content.decode()
    assert "It offers no model." in shown

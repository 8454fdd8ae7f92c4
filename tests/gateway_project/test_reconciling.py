import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection as database

from connections.models import Connection
from gateway_project.reconciling import reconcile

pytestmark = pytest.mark.django_db(transaction=True)

URLS = ["https://a.example/v1", "https://b.example/v1"]
AT_ONCE = 4


@pytest.fixture
def environment(settings):
    def set_to(urls, keys):
        settings.OPENAI_API_BASE_URLS, settings.OPENAI_API_KEYS = urls, keys

    return set_to


def stored_keys():
    rows = Connection.objects.order_by("url_index").prefetch_related("keys")
    return {row.name: [key.reveal() for key in row.keys.all()] for row in rows}


def test_changed_keys_are_taken_up_and_told_without_being_shown(environment, caplog):
    environment(URLS, ["sk-former-a", "sk-b"])
    reconcile()
    environment(URLS, ["sk-latter-key-5678", "sk-b"])
    caplog.clear()
    with caplog.at_level(logging.INFO):
        reconcile()

    assert stored_keys() == {"a-example": ["sk-latter-key-5678"], "b-example": ["sk-b"]}
    [told] = [record.getMessage() for record in caplog.records]
    assert told == "From the environment: connection a-example: keys … → …5678"


def test_connection_that_is_no_longer_named_is_disabled(environment):
    environment(URLS, ["sk-a", "sk-b"])
    reconcile()
    environment(URLS[:1], ["sk-a"])
    reconcile()

    assert list(Connection.objects.enabled().values_list("name", flat=True)) == ["a-example"]


def test_environment_that_names_none_leaves_all_as_they_are(environment, caplog):
    environment(URLS, ["sk-a", "sk-b"])
    reconcile()
    environment([], [])
    reconcile()

    assert Connection.objects.enabled().count() == 2
    assert "these that came from it stay: a-example, b-example" in caplog.text


def test_connection_that_was_taken_over_is_left_alone_and_told(environment, caplog):
    Connection.objects.create(name="a-example", base_url="https://other.example/v1")
    environment(URLS[:1], ["sk-a"])
    reconcile()

    assert Connection.objects.get().base_url == "https://other.example/v1"
    assert "The connection a-example is managed here" in caplog.text


def test_several_at_once_do_not_collide(environment):
    environment(URLS, ["sk-a", "sk-b"])
    together = Barrier(AT_ONCE)

    def start(_):
        together.wait()
        try:
            reconcile()
        finally:
            database.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(start, range(AT_ONCE)))

    assert stored_keys() == {"a-example": ["sk-a"], "b-example": ["sk-b"]}

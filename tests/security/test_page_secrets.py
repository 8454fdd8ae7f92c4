"""Canary secrets of every kind, of which no page, no row of the history and no export has one.

Every page that there is, taken from the URL confs, and the pages of the rows that have the secrets.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.invitations import invite
from accounts.models import ApiKey, Invitation, User
from benchmarks.filling import Scale, fill
from benchmarks.page_addresses import admin_pages, portal_pages
from benchmarks.pages import serving_models
from connections.models import Connection
from tests.connections.admin.test_connection import ADD, form, page
from tests.security.canaries import HEADER_SECRET, UPSTREAM_KEY
from tests.security.routes import routes_of

pytestmark = pytest.mark.django_db(transaction=True)

SCALE = Scale(models=6, connections=2, groups=3, users=4, requests=60, days=2, rest=3)
NEW_KEY = "sk-rotated-canary-7d10b2a9c3"
PROXY_PASSWORD = "proxy-canary-31e7aa09d5"
LEAST_SHOWN = 170  # others redirect, or refuse what nobody may do, such as adding history
PASSWORD = "password-canary-c4f8801be2"


@pytest.fixture
def installation(transactional_db: None) -> Iterator[list[bytes]]:
    """A gateway with some of everything; yields the secrets in it, also as base64."""
    cache.clear()
    fill(SCALE)
    person = User.objects.create_user("secretive", "secretive@example.com", PASSWORD)
    key, key_secret = ApiKey.objects.issue(person, name="laptop", lifetime=timedelta(days=3))
    _, token = invite("newcomer@example.com", made_by=None)
    root = User.objects.create_superuser("root")
    _configured_by(_signed_in(root))
    found = [UPSTREAM_KEY, NEW_KEY, HEADER_SECRET, PROXY_PASSWORD, PASSWORD, key_secret, token]
    found += [key.digest, Invitation.objects.get().digest, person.password, settings.SECRET_KEY]
    plain = [each.encode() for each in found]
    with serving_models():
        yield plain + [b64encode(each).rstrip(b"=") for each in plain]
    cache.clear()


def _configured_by(client: Client) -> None:
    """A connection that is made and changed on its page, so that the history tells of it."""
    data = form(
        None,
        UPSTREAM_KEY,
        headers=json.dumps({"X-Secret": HEADER_SECRET}),
        proxy=f"http://us:{PROXY_PASSWORD}@127.0.0.1:9",
    )
    assert client.post(ADD, data).status_code == 302
    one = Connection.objects.get(name="one")
    assert client.post(page(one), form(one, NEW_KEY)).status_code == 302


def _signed_in(user: User) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


def _content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def _rows_with_secrets() -> Iterator[str]:
    one = Connection.objects.get(name="one")
    person = User.objects.get(username="secretive")
    for stem, row in (
        ("connections_connection", one),
        ("accounts_user", person),
        ("accounts_apikey", person.api_keys.get()),
    ):
        for name in ("change", "history", "delete"):
            yield reverse(f"admin:{stem}_{name}", args=[row.pk])
    yield f"{reverse('admin:accounts_user_change', args=[person.pk])}?edit=1"
    yield reverse("connection_models", args=[one.pk])
    yield reverse("connection_traffic", args=[one.pk])
    yield f"{reverse('admin:usage_usagerow_changelist')}?format=csv"
    yield f"{reverse('admin:search')}?s=one"
    yield reverse("admin:accounts_user_invited")


def test_no_page_of_the_admin_and_no_export_shows_a_secret(installation: list[bytes]) -> None:
    client = _signed_in(User.objects.get(username="root"))
    of_rows = set(_rows_with_secrets())
    everywhere = {route.path for route in routes_of("gateway_project.urls")}
    addresses = of_rows | everywhere | {url for _, url in admin_pages()}
    leaks, shown = _looked_at(client, addresses, installation)
    assert leaks == []
    assert of_rows <= shown
    assert len(shown) >= LEAST_SHOWN


def test_no_page_of_the_portal_shows_a_secret(installation: list[bytes]) -> None:
    for name in ("user-0000", "secretive"):
        person = User.objects.get(username=name)
        addresses = {url for _, url in portal_pages(person)}
        assert _looked_at(_signed_in(person), addresses, installation) == ([], addresses)


def test_a_form_that_is_sent_back_has_no_secret_in_it(installation: list[bytes]) -> None:
    client = _signed_in(User.objects.get(username="root"))
    data = form(None, UPSTREAM_KEY, name="", base_url="ftp://nowhere")
    shown = client.post(ADD, data)
    assert shown.status_code == 200
    assert UPSTREAM_KEY.encode() not in shown.content


def test_neither_the_history_nor_an_exported_file_has_a_secret(installation: list[bytes]) -> None:
    entries = LogEntry.objects.all()
    assert entries.filter(object_repr__contains="one").exists()
    told = "\n".join(
        f"{entry.object_repr} {json.dumps(entry.changes)} {entry.additional_data}"
        for entry in entries
    )
    exported = StringIO()
    call_command("export_config", "--no-secrets", stdout=exported)
    for text in (told.encode(), exported.getvalue().encode()):
        assert [each for each in installation if each in text] == []


def _looked_at(
    client: Client, addresses: set[str], secrets: list[bytes]
) -> tuple[list[tuple[str, bytes]], set[str]]:
    """The secrets found at ``addresses``, whatever the answer is, and where a page was shown."""
    leaks, shown = [], set()
    for address in sorted(addresses):
        answer = client.get(address)
        content = _content(answer)
        leaks += [(address, secret) for secret in secrets if secret in content]
        if answer.status_code == HTTPStatus.OK:
            shown.add(address)
    return leaks, shown

"""The result of a verification on the page, and the buttons it has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connections.models import Connection, LastVerification
from connections.models.key_source import KeySource
from tests.connections.admin.test_connection import ADD, form, page
from tests.support.responders import complete_chat
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)


def verified(base_url: str, offered: str, *, at: object = None) -> Connection:
    """A connection whose last verification offered another URL."""
    made = Connection.objects.create(name="one", base_url=base_url)
    made.replace_keys([KeySource.parse("sk-first-key-1234")])
    step = {"name": "models", "status": "failed", "milliseconds": 3.2, "detail": "There is no API."}
    LastVerification.objects.create(
        connection=made,
        outcome="failed",
        failed_step="models",
        started_at=at or timezone.now(),
        steps=[step | {"hint": "", "change": {"field": "base_url", "value": offered}}],
    )
    return made


def apply(client: Client, connection: Connection) -> str:
    response = client.post(reverse("connection_apply", args=[connection.pk]), follow=True)
    connection.refresh_from_db()
    return response.content.decode()


def test_the_steps_stay_on_the_page_with_the_change_that_helps(admin_client: Client) -> None:
    made = verified("http://127.0.0.1:9", "http://127.0.0.1:9/v1")
    shown = admin_client.get(page(made)).content.decode()
    assert "It fails at Models" in shown
    assert "There is no API." in shown
    assert "Use http://127.0.0.1:9/v1" in shown


def test_a_change_is_applied_with_the_keys_and_verified(admin_client: Client) -> None:
    with ScriptedUpstream(models=("m",)) as upstream:
        made = verified(upstream.url.removesuffix("/v1"), upstream.url)
        assert "Every step works" in apply(admin_client, made)
        assert made.base_url == upstream.url
    assert [key.reveal() for key in made.keys.all()] == ["sk-first-key-1234"]


@pytest.mark.parametrize(
    "offered",
    ["http://elsewhere.example/v1", "https://user@a.example/v1", "ftp://a.example", "", "nonsense"],
)
def test_keys_never_go_to_another_host(admin_client: Client, offered: str) -> None:
    made = verified("https://a.example", offered)
    assert "Verify it again" in apply(admin_client, made)
    assert made.base_url == "https://a.example"


def test_a_change_never_gives_up_tls(admin_client: Client) -> None:
    made = verified("https://a.example/v1", "http://a.example/v1")
    apply(admin_client, made)
    assert made.base_url == "https://a.example/v1"


def test_an_older_verification_offers_nothing(admin_client: Client) -> None:
    made = verified("http://127.0.0.1:9", "http://127.0.0.1:9/v1", at=timezone.now() - timedelta(1))
    assert "Use http" not in admin_client.get(page(made)).content.decode()
    assert "Verify it again" in apply(admin_client, made)
    assert made.base_url == "http://127.0.0.1:9"


@pytest.mark.parametrize("name", ["connection_apply", "connection_try_chat"])
def test_both_take_the_permission_to_change_and_a_post(client: Client, name: str) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_connection"))
    client.force_login(viewer)
    url = reverse(name, args=[verified("http://127.0.0.1:9", "http://127.0.0.1:9/v1").pk])
    assert client.post(url).status_code == 403
    assert client.get(url).status_code == 405


def test_a_chat_is_tried_only_when_it_is_asked_for(admin_client: Client) -> None:
    with ScriptedUpstream(models=("m",)) as upstream:
        upstream.on("POST", "/v1/chat/completions", complete_chat)
        made = Connection.objects.create(name="one", base_url=upstream.url)
        url = reverse("connection_try_chat", args=[made.pk])
        admin_client.post(url, {"model": " "})
        assert upstream.calls == []
        shown = admin_client.post(url, {"model": "m"}, follow=True).content.decode()
    assert "The model answers." in shown
    assert len(upstream.calls) == 2


def test_a_url_alone_makes_a_connection_with_a_name_and_a_provider(admin_client: Client) -> None:
    pasted = {"name": "", "base_url": "https://openrouter.ai/api/v1/chat/completions"}
    assert admin_client.post(ADD, form(None, "sk-first-key-1234", **pasted)).status_code == 302
    made = Connection.objects.get()
    assert (made.name, made.provider) == ("openrouter", "openrouter")
    assert made.base_url == "https://openrouter.ai/api/v1"


def test_a_tile_alone_is_enough_for_a_provider_with_one_place(admin_client: Client) -> None:
    data = form(None, "sk-first-key-1234", name="", base_url="", provider="anthropic")
    assert admin_client.post(ADD, data).status_code == 302
    assert Connection.objects.get().base_url == "https://api.anthropic.com/v1"


def test_a_compatible_one_wants_a_url(admin_client: Client) -> None:
    data = form(None, "sk-first-key-1234", name="", base_url="")
    shown = admin_client.post(ADD, data).content.decode()
    assert "Enter the URL of the upstream" in shown
    assert not Connection.objects.exists()


def test_an_existing_connection_keeps_a_name(admin_client: Client) -> None:
    made = Connection.objects.create(name="one", base_url="https://one.example/v1")
    assert "Enter a name." in admin_client.post(page(made), form(made, name="")).content.decode()


def test_deleting_offers_to_disable_instead(admin_client: Client) -> None:
    made = Connection.objects.create(name="one", base_url="https://one.example/v1")
    shown = admin_client.get(page(made, "delete")).content.decode()
    assert "Disable one instead" in shown

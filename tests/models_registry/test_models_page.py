"""The admin's page with all models, and the warnings on the pages around it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connections.calling.client import UpstreamClient
from connections.models import Connection
from models_registry.models import ModelGrant, RegisteredModel
from models_registry.registry import Registry, activate

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = reverse("admin:models_registry_models")
CONNECTIONS = reverse("admin:connections_connection_changelist")
GRANTS = reverse("admin:models_registry_modelgrant_changelist")
LISTS = {
    "one": ["shared", "<script>alert(1)</script>"],
    "two": ["shared", "whisper-1"],
    "down": None,
}


def answer(request: httpx.Request) -> httpx.Response:
    models = LISTS[request.url.host.removesuffix(".example")]
    if models is None:
        raise httpx.ConnectError("refused")
    return httpx.Response(200, json={"data": models})


@pytest.fixture
def gateway(db) -> Iterator[None]:
    """This process serves three connections; one of them gives no list. Alice may use one."""
    cache.clear()
    ModelGrant.objects.create(pattern="two/*", user=User.objects.create_user("alice"))
    for number, name in enumerate(LISTS):
        Connection.objects.create(
            name=name,
            provider="openai" if name == "two" else "compatible",
            base_url=f"https://{name}.example/v1",
            auth_type="none",
            priority=number,
            model_ids=["kept"] if name == "down" else [],
        )
    registry = Registry(UpstreamClient(httpx.MockTransport(answer)))

    async def load() -> None:
        await registry.reload()
        await asyncio.gather(*registry.refresh_soon())

    asyncio.run(load())
    activate(registry)
    yield
    activate(None)
    cache.clear()


def text_of(client: Client, url: str, **query: str) -> str:
    page = client.get(url, query)
    assert page.status_code == 200
    return unescape(page.content.decode())


def test_all_models_are_there_with_what_serves_them(admin_client: Client, gateway) -> None:
    page = text_of(admin_client, PAGE)
    for shown in ("one/shared", "two/shared", "down/kept", "not for chat", "4 models"):
        assert shown in page


def test_names_of_models_do_nothing(admin_client: Client, gateway) -> None:
    page = admin_client.get(PAGE).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("url", [PAGE, CONNECTIONS, GRANTS])
def test_collisions_and_silent_upstreams_are_warned_of(
    admin_client: Client, gateway, url: str
) -> None:
    page = text_of(admin_client, url)
    assert "1 model is offered more than once (shared)." in page
    assert "down gave no list of models when asked" in page


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
def test_models_are_found(admin_client: Client, gateway, query: dict, count: str) -> None:
    assert f"<span>{count}</span>" in text_of(admin_client, PAGE, **query)


def test_why_a_user_may_use_a_model_is_told(admin_client: Client, gateway) -> None:
    page = text_of(admin_client, PAGE, user="alice", model="shared")
    assert "alice may use shared." in page
    assert "two/shared: two/* is granted to user alice" in page
    assert "one/shared: not granted" in page
    assert "There is no such user." in text_of(admin_client, PAGE, user="bob", model="shared")


def test_a_model_is_one_click_from_its_registration(admin_client: Client, gateway) -> None:
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


def test_the_page_is_for_those_who_may_see_models(client: Client, gateway) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    assert client.get(PAGE).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_registeredmodel"))
    page = text_of(client, PAGE, user="staff", model="shared")
    assert "one/shared" in page
    assert "may use shared" not in page

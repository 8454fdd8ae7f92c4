"""The proxy of a connection in the admin: set by superusers, its password shown to none."""

from __future__ import annotations

import pytest
from django.test import Client

from connections.models import Connection
from tests.connections.admin.test_connection import ADD, form, make, page, save
from tests.connections.admin.test_editing import editor

__all__ = ["editor"]
pytestmark = pytest.mark.django_db

WHOLE = "http://user:canary-password@proxy.example:3128"
MASKED = "http://user:…@proxy.example:3128"
BARE = "http://proxy.example:3128"


def stored() -> Connection:
    found: Connection = Connection.objects.get()
    return found


def test_the_password_is_encrypted(admin_client: Client) -> None:
    assert admin_client.post(ADD, form(None, proxy=WHOLE)).status_code == 302
    assert (stored().proxy, stored().proxy_url) == (BARE, WHOLE)
    assert "canary" not in stored().proxy_ciphertext


def test_no_page_shows_the_password_and_saving_keeps_it(admin_client: Client) -> None:
    made = make(proxy=WHOLE)
    shown = admin_client.get(page(made)).content.decode()
    assert MASKED in shown
    assert "canary" not in shown
    save(admin_client, made, proxy=MASKED, tags="a")
    assert (stored().proxy_url, stored().tags) == (WHOLE, ["a"])


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:…@evil.example:3128",
        "http://other:…@proxy.example:3128",
        "https://user:…@proxy.example:3128",
    ],
)
def test_the_password_goes_to_no_other_proxy(admin_client: Client, proxy: str) -> None:
    made = make(proxy=WHOLE)
    answer = save(admin_client, made, proxy=proxy)
    assert "hidden password that is not stored" in answer.content.decode()
    assert stored().proxy_url == WHOLE


@pytest.mark.parametrize("proxy", ["", "none", BARE, "http://new:pass@proxy.example:3128"])
def test_another_choice_takes_its_place(admin_client: Client, proxy: str) -> None:
    made = make(proxy=WHOLE)
    save(admin_client, made, proxy=proxy)
    assert stored().proxy_url == proxy
    assert bool(stored().proxy_ciphertext) == ("@" in proxy)


@pytest.mark.parametrize(
    "proxy", ["socks5://u:canary@proxy", "proxy", "http://169.254.169.254", "http://u:canary@p/x"]
)
def test_what_is_no_proxy_is_refused(admin_client: Client, proxy: str) -> None:
    made = make()
    save(admin_client, made, proxy=proxy)
    assert stored().proxy_url == ""


def test_an_editor_chooses_no_proxy(editor: Client) -> None:
    made = make(proxy=WHOLE)
    assert "canary" not in editor.get(page(made)).content.decode()
    save(editor, made, proxy="http://evil.example:3128", tags="a")
    assert (stored().proxy_url, stored().tags) == (WHOLE, ["a"])

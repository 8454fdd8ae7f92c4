"""The first page, for strangers and for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from accounts.models import User

pytestmark = pytest.mark.django_db
DARK = re.compile(r"\{\s*(color-scheme: dark;[^}]*)\}")


def test_a_stranger_reads_what_this_is_and_where_to_sign_in(client: Client):
    page = client.get("/").content.decode()
    assert "Use AI models with one address" in page
    assert f'href="{reverse("account_login")}"' in page
    assert "http://testserver/v1" in page


def test_only_staff_have_a_link_to_the_admin(client: Client):
    for is_staff in (False, True):
        client.force_login(User.objects.create_user(f"user-{is_staff}", is_staff=is_staff))
        assert (f'href="{reverse("admin:index")}"' in client.get("/").content.decode()) is is_staff


def test_pages_about_a_person_are_kept_by_no_cache(client: Client):
    client.force_login(User.objects.create_user("ada"))
    assert client.get("/")["Cache-Control"] == "no-store"


def test_the_chosen_theme_stays_and_can_be_forgotten(client: Client):
    client.force_login(User.objects.create_user("ada"))
    url = reverse("portal:theme")
    assert (
        client.post(url, {"theme": "dark", "next": "/portal/keys/"})["Location"] == "/portal/keys/"
    )
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post(url, {"theme": "system"})
    assert "data-theme" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    "name", ["account_login", "account_logout", "account_change_password", "mfa_index"]
)
def test_the_pages_of_signing_in_keep_the_chosen_theme(client: Client, name: str):
    if name != "account_login":
        client.force_login(User.objects.create_user("ada", password="a-long-pass-phrase"))
    client.cookies["portal_theme"] = "dark"
    page = client.get(reverse(name), follow=True).content.decode()
    assert '<html lang="en" data-theme="dark"' in page


@pytest.mark.parametrize(
    "target", ["login", "//evil.example", "https://evil.example/", "javascript:1"]
)
def test_the_theme_form_leads_to_no_other_site(client: Client, target: str):
    assert client.post(reverse("portal:theme"), {"next": target})["Location"] == "/"


def test_a_cookie_that_is_no_theme_changes_nothing(client: Client):
    client.cookies["portal_theme"] = '"><script>'
    assert "data-theme" not in client.get("/").content.decode()


@pytest.mark.parametrize("name", ["portal/portal.css", "accounts/sign_in.css"])
def test_both_dark_themes_have_the_same_colours(name: str):
    path = finders.find(name)
    blocks = [re.sub(r"\s+", " ", text) for text in DARK.findall(Path(path).read_text())]
    assert len(blocks) == 2
    assert blocks[0] == blocks[1]

"""Signing in to a live gateway as a browser does."""

from __future__ import annotations

import httpx

from tests.support.live import LiveGateway
from tests.support.plain_http import PLAIN_HTTP

LOGIN = "/accounts/login/"


def browser(gateway: LiveGateway, **headers: str) -> httpx.Client:
    """A client with cookies of its own; close it. ``headers`` have ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Client(base_url=gateway.url, headers=named, **PLAIN_HTTP)


def sign_in(client: httpx.Client, name: str, password: str) -> httpx.Response:
    """The response to the form of the sign-in page, filled in."""
    client.get(LOGIN).raise_for_status()
    token = client.cookies["csrftoken"]
    form = {"login": name, "password": password, "csrfmiddlewaretoken": token}
    return client.post(LOGIN, data=form, headers={"Referer": f"{client.base_url}{LOGIN}"})

"""Browsers that have signed somebody in before, told by a signed cookie that opens nothing.

Strangers can use up the tries for a name and for an address. A browser that has signed in before
has tries of its own, so that nobody is kept out by others.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

COOKIE_NAME = "gatehouse_browser"
SALT = "accounts.sign_in.browsers"
MAX_AGE_SECONDS = 180 * 24 * 3600
MOST_PEOPLE = 5  # remembered for one browser


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """``people`` are the digests of the names that have signed in with it, the newest first."""

    id: str
    people: tuple[str, ...] = ()

    def knows(self, name: str) -> bool:
        return _digest(name) in self.people


def browser_of(request: HttpRequest) -> Browser | None:
    """The value of the cookie; None without one, or with one that was not made here."""
    cookie = request.COOKIES.get(COOKIE_NAME, "")
    try:
        said = signing.loads(cookie, salt=SALT, max_age=MAX_AGE_SECONDS) if cookie else None
    except signing.BadSignature:
        return None
    return Browser(id=said["id"], people=tuple(said["people"])) if said else None


def remember(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """Have the browser known to ``name`` from now on."""
    browser = browser_of(request) or Browser(id=secrets.token_urlsafe(16))
    others = [digest for digest in browser.people if digest != _digest(name)]
    people = [_digest(name), *others][:MOST_PEOPLE]
    response.set_cookie(
        COOKIE_NAME,
        signing.dumps({"id": browser.id, "people": people}, salt=SALT),
        max_age=MAX_AGE_SECONDS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _digest(name: str) -> str:
    """The cookie does not tell the next person at the machine who was there before."""
    return salted_hmac(SALT, name).hexdigest()[:20]

"""The cookies of a client that an upstream may see."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from accounts.sign_in.browsers import COOKIE_NAME


def forwardable_cookies(header: str) -> str:
    """A Cookie header without the gateway's own cookies, which open the admin."""
    if not header:
        return ""
    pairs = (pair.strip() for pair in header.split(";"))
    return "; ".join(pair for pair in pairs if pair and _name(pair) not in own_cookie_names())


@cache
def own_cookie_names() -> frozenset[str]:
    return frozenset(
        {
            settings.SESSION_COOKIE_NAME,
            settings.CSRF_COOKIE_NAME,
            settings.LANGUAGE_COOKIE_NAME,
            COOKIE_NAME,
            "messages",
            "portal_theme",
        }
    )


def _name(pair: str) -> str:
    return pair.partition("=")[0].strip()

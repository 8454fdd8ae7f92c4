"""What a provider says of a person besides groups: names and mail address.

User info and ID token tell one story, and some providers put a claim into only one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from django.conf import settings

from accounts.claims import find, is_true, text_of
from accounts.oidc.claims import sources
from accounts.user_names import wanted_names

Claims = Mapping[str, Any]


def claim_text(claims: Claims, claim: str) -> str:
    """A claim of text, from the user info or else the ID token; empty without one."""
    texts = (text_of(find(source, claim)) for source in sources(claims))
    return next(filter(None, texts), "")


def email_of(claims: Claims) -> tuple[str, bool]:
    """The mail address, and whether the provider vouches for this very one."""
    email = claim_text(claims, "email")
    is_verified = any(
        text_of(source.get("email")) == email and is_true(source.get("email_verified"))
        for source in sources(claims)
    )
    return email, bool(email) and is_verified


def names_of(claims: Claims) -> dict[str, str]:
    """``name``, ``first_name`` and ``last_name``, as allauth calls them."""
    if settings.OIDC_DISPLAY_NAME_CLAIM:
        return {"name": claim_text(claims, settings.OIDC_DISPLAY_NAME_CLAIM)}
    return {
        "name": claim_text(claims, "name"),
        "first_name": claim_text(claims, "given_name"),
        "last_name": claim_text(claims, "family_name"),
    }


def wanted_usernames(claims: Claims) -> Iterator[str]:
    """What to call a new person here, the best first. Empty ones are among them."""
    return wanted_names(partial(claim_text, claims), settings.OIDC_USERNAME_CLAIM)

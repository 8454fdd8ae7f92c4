"""System checks for settings of the sign-in that cannot work, or that lock everybody out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004

LONGEST_ISSUER = 200  # the column `provider` of allauth's accounts
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@register(Tags.security)
def check_provider(**kwargs: Any) -> Iterator[CheckMessage]:
    issuer: str = settings.OIDC_ISSUER
    if not issuer:
        return
    if not _is_issuer(issuer):
        yield Error(
            "OIDC_ISSUER is not an https:// URL of at most 200 characters.",
            hint="Give the issuer as its discovery document spells it, without /.well-known/….",
            id="accounts.E006",
        )
    if not settings.OIDC_CLIENT_ID:
        yield Error("OIDC_ISSUER is set, but not OIDC_CLIENT_ID.", id="accounts.E007")
    if "openid" not in settings.OIDC_SCOPES:
        yield Error(
            "OIDC_SCOPES does not hold openid.",
            hint="Without it a provider sends no ID token, which says who signs in.",
            id="accounts.E008",
        )
    if not all(isinstance(name, str) and name for name in settings.OIDC_GROUP_MAPPING.values()):
        yield Error(
            "OIDC_GROUP_MAPPING maps to a value that cannot name a group.",
            hint='It reads {"group of the provider": "group here"}.',
            id="accounts.E009",
        )


@register(Tags.security)
def check_sso_only(**kwargs: Any) -> Iterator[CheckMessage]:
    if not settings.GATEWAY_SSO_ONLY:
        return
    if not settings.OIDC_ISSUER:
        yield Error(
            "GATEWAY_SSO_ONLY is on without an OIDC_ISSUER: nobody can sign in.",
            hint="Set the OIDC_* variables, or turn it off.",
            id="accounts.E010",
        )
    elif not settings.OIDC_SUPERUSER_GROUPS:
        yield Warning(
            "GATEWAY_SSO_ONLY is on, and no group of the provider makes a superuser.",
            hint="Set OIDC_SUPERUSER_GROUPS, or have a superuser link their identity first.",
            id="accounts.W001",
        )


def _is_issuer(text: str) -> bool:
    try:
        url = urlsplit(text)
    except ValueError:
        return False
    is_private = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)
    return bool(is_private and url.hostname and not url.query and len(text) <= LONGEST_ISSUER)

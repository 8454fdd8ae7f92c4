"""Signing out at the provider, too (OpenID Connect RP-Initiated Logout 1.0).

The ID token of the sign-in is the provider's hint at whose session is to end. The gateway's session
keeps it, encrypted, beside the address to send it to.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.signals import user_logged_in
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.utils import build_absolute_uri
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from accounts.encryption import EncryptionError, keyring

SESSION_KEY = "oidc_sign_out"
BOUND_TO = "accounts.oidc-sign-out"
# The hint goes into a URL, and servers take no line of more than 8 KB.
LONGEST_HINT = 6000
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def note_sign_out(token: SocialToken, id_token: str, endpoint: Any) -> None:
    """Have ``token`` carry what a later sign-out needs, if the provider has an address for that."""
    if isinstance(endpoint, str) and _is_private(endpoint):
        hint = id_token if len(id_token) <= LONGEST_HINT else ""
        token.sign_out = {
            "url": endpoint,
            "id_token": keyring().encrypt(hint, bound_to=BOUND_TO),
        }


def carry_sign_out(login: SocialLogin) -> None:
    """Move it into the state of the sign-in, which waits for a second factor with it."""
    login.state[SESSION_KEY] = getattr(login.token, "sign_out", None)


@receiver(user_logged_in)
def keep_sign_out(
    sender: Any, *, request: HttpRequest, sociallogin: SocialLogin | None = None, **kwargs: Any
) -> None:
    sign_out = sociallogin.state.get(SESSION_KEY) if sociallogin is not None else None
    if sign_out:
        request.session[SESSION_KEY] = sign_out
    else:
        request.session.pop(SESSION_KEY, None)


def sign_out_url(request: HttpRequest) -> str:
    """Where the browser ends the session at the provider, and comes back from; empty without one.

    Read before the session here ends.
    """
    kept = request.session.get(SESSION_KEY)
    if not kept or not settings.OIDC_SIGN_OUT or not settings.OIDC_ISSUER:
        return ""
    query = {
        "id_token_hint": _revealed(kept["id_token"]),
        "client_id": settings.OIDC_CLIENT_ID,
        "post_logout_redirect_uri": build_absolute_uri(request, reverse("account_login")),
    }
    text = urlencode({name: value for name, value in query.items() if value})
    return f"{kept['url']}{'&' if urlsplit(kept['url']).query else '?'}{text}"


def _revealed(ciphertext: str) -> str:
    try:
        return keyring().decrypt(ciphertext, bound_to=BOUND_TO)
    except EncryptionError:  # its key is gone; the provider asks whom to sign out
        return ""


def _is_private(url: str) -> bool:
    """Whether the token in the query is seen by the provider alone."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)

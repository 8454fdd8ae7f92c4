"""Headers that tell an upstream who is asking."""

from __future__ import annotations

import re
from urllib.parse import quote

from django.conf import settings

from accounts.caller import Caller
from connections.providers.signed_user import signed_user

PLACEHOLDER = re.compile(r"\{\{(USER_NAME|USER_EMAIL|USER_ID|USER_ROLE|CHAT_ID)\}\}")


def user_info_headers(caller: Caller, chat_id: str, *, audience: str) -> dict[str, str]:
    """The headers that tell the connection ``audience`` of the user, if an admin has enabled them.

    With a secret to sign with it is one header with a token; else they are those of Open WebUI.
    """
    if settings.GATEWAY_USER_INFO_JWT_SECRET:
        token = signed_user(caller, chat_id, audience=audience)
        return {settings.GATEWAY_USER_INFO_JWT_HEADER: token}
    prefix = settings.GATEWAY_USER_INFO_HEADER_PREFIX
    headers = {
        f"{prefix}-User-{name.capitalize()}": value for name, value in _facts(caller).items()
    }
    if chat_id:
        headers[f"{prefix}-Chat-Id"] = _printable(chat_id)
    return headers


def extra_headers(
    headers: tuple[tuple[str, str], ...], caller: Caller, chat_id: str
) -> dict[str, str]:
    """The connection's own headers, with their placeholders filled in."""
    return {
        name: fill_in(value, caller, chat_id) if "{{" in value else value for name, value in headers
    }


def overlaid(headers: dict[str, str], own: dict[str, str]) -> dict[str, str]:
    """``headers`` with ``own`` in place of those of the same name, in any case."""
    if not own:
        return headers
    replaced = {name.lower() for name in own}
    return {name: text for name, text in headers.items() if name.lower() not in replaced} | own


def encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """As they are sent. An admin's value may hold more than ASCII, which httpx refuses."""
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def fill_in(value: str, caller: Caller, chat_id: str) -> str:
    """``value`` with every placeholder replaced; what is not printable ASCII is percent-encoded."""
    facts = {f"USER_{name.upper()}": text for name, text in _facts(caller).items()}
    facts["CHAT_ID"] = _printable(chat_id)
    return PLACEHOLDER.sub(lambda match: facts[match[1]], value)


def _facts(caller: Caller) -> dict[str, str]:
    return {
        "name": quote(caller.display_name, safe=" "),
        "id": str(caller.user_id),
        "email": _printable(caller.email),
        "role": caller.role,
    }


def _printable(text: str) -> str:
    """Header-safe: anything but visible ASCII is percent-encoded."""
    return text if text.isascii() and text.isprintable() else quote(text, safe="@+")

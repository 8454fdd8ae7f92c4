"""What the headers of a trusted caller say of its user, written as Open WebUI writes them.

Open WebUI sends the mail address as it is and percent-encodes the name. The address alone finds a
user: a name is anybody's choice, the role is a role there and not here, and an id means nothing to
a gateway that several installations of Open WebUI may call.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from accounts.authentication_errors import InvalidUserHeader

PREFIX = b"x-openwebui-user-"
EMAIL, NAME, SIGNED = (PREFIX + suffix for suffix in (b"email", b"name", b"jwt"))
LONGEST_EMAIL = 254
LONGEST_NAME = 150
# A proxy that joins repeated headers writes a comma; the others stand only in quoted addresses.
NOT_IN_EMAILS = frozenset(',;:<>()[]\\"' + string.whitespace)
LOWER_CASE = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedUser:
    """``email`` is :func:`folded`. ``name`` is empty where none can be read."""

    email: str
    name: str


def claimed_user(headers: Iterable[tuple[bytes, bytes]]) -> ClaimedUser | None:
    """The user whom ``headers``, as an ASGI scope has them, name; None if they name no user.

    Raises :class:`InvalidUserHeader` where they say something of a user and no readable address:
    such a request must not be taken for one of the key's own user.
    """
    told: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        lowered = name.lower()
        if lowered.startswith(PREFIX):
            told.setdefault(lowered, []).append(value)
    if not told:
        return None
    if EMAIL not in told:
        raise InvalidUserHeader(_advice(is_signed=SIGNED in told))
    return ClaimedUser(email=_email(told[EMAIL]), name=_name(told.get(NAME, [])))


def folded(email: str) -> str:
    """``email`` as it is compared: without the case of ASCII letters.

    Other letters keep theirs, since some of them become ASCII letters in lower case.
    """
    return email.translate(LOWER_CASE)


def _advice(*, is_signed: bool) -> str:
    if is_signed:
        return (
            "`X-OpenWebUI-User-Jwt` is not read. Unset FORWARD_USER_INFO_HEADER_JWT_SECRET in "
            "Open WebUI, which then sends `X-OpenWebUI-User-Email`."
        )
    return "The request says something of a user, but has no `X-OpenWebUI-User-Email`."


def _email(values: list[bytes]) -> str:
    if len(values) > 1:
        raise InvalidUserHeader("`X-OpenWebUI-User-Email` must be given once.")
    text = _text(values[0]).strip(" ")
    local, _, domain = text.rpartition("@")
    is_plain = text.isprintable() and not NOT_IN_EMAILS.intersection(text) and "@" not in local
    if not (local and domain and is_plain and len(text) <= LONGEST_EMAIL):
        raise InvalidUserHeader("`X-OpenWebUI-User-Email` must be a mail address.")
    return folded(text)


def _name(values: list[bytes]) -> str:
    """The name; empty where it is missing or cannot be decoded."""
    if len(values) != 1:
        return ""
    try:
        name = unquote(_text(values[0]), errors="strict").strip(" ")
    except UnicodeDecodeError:
        return ""
    return name[:LONGEST_NAME] if name.isprintable() else ""


def _text(value: bytes) -> str:
    """``value`` in UTF-8; empty where it is something else."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return ""

"""Names and ids of a Messages request, in the alphabets and lengths that chats take."""

from __future__ import annotations

import re

from wire_formats.fitting import digest_of, fitted

LONGEST_ID = 40  # of a call, at OpenAI; others have ids that are longer, and want them back
SHORT_ID = re.compile(r"[A-Za-z0-9]{9}")  # of a call, at Mistral
LONGEST_NAME = 64  # of a function
LONGEST_USER = 64


def tool_name(name: str) -> str:
    """``name`` as a function may be called: at most 64 letters, digits, ``_`` and ``-``."""
    return fitted(name, longest=LONGEST_NAME, digits=12)


def call_id(id_: str, *, is_short: bool, is_limited: bool) -> str:
    """The id of a call.

    ``is_short``: nine letters and digits, as Mistral has them. ``is_limited``: as OpenAI has them.
    """
    if is_short:
        return id_ if SHORT_ID.fullmatch(id_) else digest_of(id_, 9)
    if not id_ or (is_limited and len(id_) > LONGEST_ID):
        return f"call_{digest_of(id_, 32)}"
    return id_


def user_name(user_id: str) -> str:
    """``metadata.user_id`` as ``user``, which has at most 64 characters."""
    return user_id if len(user_id) <= LONGEST_USER else digest_of(user_id)

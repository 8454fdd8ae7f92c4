"""Names and ids of a Messages request, in the alphabets and lengths that chats take.

What must be shortened keeps no more than a hash, which is the same in each request: prompts stay
the same from turn to turn, and so do the caches of upstreams.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
LONGEST_ID = 40  # of a call, at OpenAI; others have ids that are longer, and want them back
SHORT_ID = re.compile(r"[A-Za-z0-9]{9}")  # of a call, at Mistral
LONGEST_USER = 64
KEPT_OF_NAME = 51


def tool_name(name: str) -> str:
    """``name`` as a function may be called: at most 64 letters, digits, ``_`` and ``-``."""
    if NAME.fullmatch(name):
        return name
    return f"{FOREIGN.sub('_', name)[:KEPT_OF_NAME]}_{_hash(name)[:12]}"


def aliases(names: Iterable[str]) -> dict[str, str]:
    """The names that had to be changed, by what they became."""
    return {alias: name for name in names if (alias := tool_name(name)) != name}


def call_id(id_: str, *, is_short: bool, is_limited: bool) -> str:
    """The id of a call.

    ``is_short``: nine letters and digits, as Mistral has them. ``is_limited``: as OpenAI has them.
    """
    if is_short:
        return id_ if SHORT_ID.fullmatch(id_) else _hash(id_)[:9]
    if not id_ or (is_limited and len(id_) > LONGEST_ID):
        return f"call_{_hash(id_)[:32]}"
    return id_


def user_name(user_id: str) -> str:
    """``metadata.user_id`` as ``user``, which has at most 64 characters."""
    return user_id if len(user_id) <= LONGEST_USER else _hash(user_id)


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""Names for people who come from a provider: readable in any script, and unique here."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from accounts.models import User
from accounts.models.users import is_of_user_name

LONGEST_NAME = 100
MOST_NAMESAKES = 50
FALLBACK = "user"


def readable(wanted: str) -> str:
    """``wanted`` with a dash for what no name may hold; empty if no letter or digit is left."""
    text = unicodedata.normalize("NFKC", wanted)
    kept = "".join(char if is_of_user_name(char) else "-" for char in text)
    name = re.sub("-{2,}", "-", kept)[:LONGEST_NAME].strip("-")
    return name if any(char.isalnum() for char in name) else ""


def wanted_names(claim: Callable[[str], str], *first: str) -> Iterator[str]:
    """What a provider calls a new person, the best name first. Empty ones are among them.

    ``claim`` gives the text of a claim; those named by ``first`` come before the usual ones.
    """
    yield from map(claim, (*first, "preferred_username", "upn", "nickname"))
    yield claim("email").partition("@")[0]
    yield from map(claim, ("name", "given_name", "sub"))


def free_username(wanted: Iterable[str], identity: str) -> str:
    """A free user name: the first readable one of ``wanted``, with a number appended if taken.

    ``identity`` makes the name unique where too many people share it.

    Blocks on the database.
    """
    name = next(filter(None, map(readable, wanted)), FALLBACK)
    for candidate in (name, *(f"{name}-{number}" for number in range(2, MOST_NAMESAKES))):
        # "Ada" and "ada" are taken for each other.
        if not User.objects.filter(username__iexact=candidate).exists():
            return candidate
    return f"{name}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"

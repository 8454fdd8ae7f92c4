"""How commands are told which key they are about."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from accounts.management.errors import UsageError
from accounts.models import ApiKey, EarlierKey

MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """``earlier`` is the secret that was meant, where it is not the present one of ``row``."""

    row: ApiKey
    earlier: EarlierKey | None = None

    def __str__(self) -> str:
        owner = f"{self.row.pk} of {self.row.user}"
        return f"an earlier secret of {owner}" if self.earlier else owner


def add_api_key_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "key",
        metavar="ID|HINT",
        help="the key's id, or its hint or last four characters, as list_api_keys shows them; "
        "the hint of an earlier secret finds the key, too",
    )


def find_api_key(text: str) -> FoundKey:
    """Raises :class:`accounts.management.errors.UsageError` unless exactly one key is meant."""
    found = _found(text)
    if not found:
        raise UsageError(f"There is no key {text!r}. list_api_keys shows those there are.")
    if len(found) > 1:
        several = ", ".join(map(str, found[:MOST_NAMED]))
        raise UsageError(f"{text!r} may be any of several keys, so give an id: {several}.")
    return found[0]


def _found(text: str) -> list[FoundKey]:
    rows = ApiKey.objects.select_related("user")
    try:
        return [FoundKey(row=row) for row in rows.filter(pk=UUID(text))]
    except ValueError:
        meant = _ends_like(text)
    present = [FoundKey(row=row) for row in rows.filter(meant)]
    earlier = EarlierKey.objects.filter(meant).select_related("api_key__user")
    return [*present, *(FoundKey(row=each.api_key, earlier=each) for each in earlier)]


def _ends_like(text: str) -> Q:
    # Only the end is compared: a whole key does not belong on a command line.
    return Q(hint__endswith=f"…{text[-4:]}")

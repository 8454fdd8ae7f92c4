"""How commands are told which key they are about."""

from __future__ import annotations

from argparse import ArgumentParser
from uuid import UUID

from django.db.models import Q

from accounts.management.errors import UsageError
from accounts.models import ApiKey


def add_api_key_argument(parser: ArgumentParser) -> None:
    parser.add_argument(
        "key",
        metavar="ID|HINT",
        help="the key's id, or its hint or last four characters, as list_api_keys shows them",
    )


def find_api_key(text: str) -> ApiKey:
    """Raises :class:`accounts.management.errors.UsageError` unless exactly one key is meant."""
    rows: list[ApiKey] = list(ApiKey.objects.filter(_meant_by(text)).select_related("user")[:10])
    if not rows:
        raise UsageError(f"There is no key {text!r}. list_api_keys shows those there are.")
    if len(rows) > 1:
        several = ", ".join(f"{row.pk} of {row.user}" for row in rows)
        raise UsageError(f"{text!r} may be any of several keys, so give an id: {several}.")
    return rows[0]


def _meant_by(text: str) -> Q:
    try:
        return Q(pk=UUID(text))
    except ValueError:
        # The whole key belongs on no command line; its end is all that is looked at.
        return Q(hint__endswith=f"…{text[-4:]}")

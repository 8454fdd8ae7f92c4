"""A text that somebody pasted: the one request it names, or the rows of whom or what it names."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.departures import Named, named
from accounts.models import User
from usage.models import UsageRow

SHORTEST_BEGINNING = 6
LAST = "\U0010ffff"


def by_id(term: str) -> QuerySet[UsageRow]:
    """The rows with an id that is ``term`` or begins so: ours, the client's or the upstream's."""
    if len(term) < SHORTEST_BEGINNING:
        return UsageRow.objects.filter(_is_id(term))
    ours, theirs = begins("request_id", term), begins("client_request_id", term)
    return UsageRow.objects.filter(ours | theirs | begins("upstream_request_id", term))


def the_one(term: str, found: Sequence[UsageRow]) -> UsageRow | None:
    """The row that ``term`` names by an id, if it is one alone, of the first ``found``.

    A whole id goes before the beginning of others.
    """
    whole = [row for row in found if row.request_id == term]
    return (whole or found)[0] if whole or len(found) == 1 else None


def by_name(term: str) -> QuerySet[UsageRow]:
    """The rows of the people and keys of this name, also deleted ones, of the model or connection.

    By indexes: a part of a name would have every row read.
    """
    condition = _is_of(named(term)) | Q(model=term) | Q(connection=term)
    return UsageRow.objects.filter(condition)


def by_beginning(term: str) -> QuerySet[UsageRow]:
    """The rows of present users, models and connections whose name begins with ``term``."""
    condition = Q(user_id__in=User.objects.filter(username__istartswith=term).values("pk"))
    return UsageRow.objects.filter(condition | begins("model", term) | begins("connection", term))


def begins(field: str, text: str) -> Q:
    """A beginning that an index serves: SQLite has none for LIKE, and PostgreSQL none for a range
    where its collation is not the order of bytes.
    """
    if connection.vendor == "postgresql":
        return Q(**{f"{field}__startswith": text})
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST})


def _is_id(term: str) -> Q:
    return Q(pk=term) | Q(client_request_id=term) | Q(upstream_request_id=term)


def _is_of(found: Named) -> Q:
    """The rows of these users and keys, by the index on users."""
    condition = Q(user_id__in=found.user_ids)
    for user_id, key_id in found.keys:
        condition |= Q(user_id=user_id, key_id=key_id)
    return condition

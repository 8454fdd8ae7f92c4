"""A text that somebody pasted: the one request it names, or the rows of whom or what it names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Exists, Q, QuerySet

from accounts.departures import Named, named
from accounts.models import User
from connections.models import Connection
from usage.models import UsageRow

SHORTEST_BEGINNING = 6
MANY = 500  # from which on the order of the list is read, instead of all that begin so
NAMES = ("model", "connection")
LAST = "\U0010ffff"


def by_id(term: str, *, among: int = 0) -> QuerySet[UsageRow]:
    """The rows with an id that is ``term`` or begins so: ours, the client's or the upstream's.

    ``among`` says how many there are, as far as :func:`some_by_id` counts.
    """
    if len(term) < SHORTEST_BEGINNING:
        return UsageRow.objects.filter(_is_id(term))
    ours, theirs = begins("request_id", term), begins("client_request_id", term)
    condition = ours | theirs | begins("upstream_request_id", term)
    return UsageRow.objects.filter(condition if among < MANY else _newest_first(condition))


def some_by_id(term: str) -> list[UsageRow]:
    """At most ``MANY`` of the rows of :func:`by_id`, with their ids alone. One query."""
    return list(by_id(term).only("request_id").order_by()[:MANY])


def the_one(term: str, found: Sequence[UsageRow]) -> UsageRow | None:
    """The row that ``term`` names by an id, if it is one alone, of the first ``found``.

    A whole id goes before the beginning of others.
    """
    whole = [row for row in found if row.request_id == term]
    return (whole or found)[0] if whole or len(found) == 1 else None


def by_name(term: str) -> QuerySet[UsageRow]:
    """The rows of the people and keys of this name, also deleted ones, the model or connection.

    Or else of those whose name begins so. At most five queries, before the rows are asked for.
    """
    known = _known(term)
    alternatives = [Q(**{name: term}) for name in NAMES if known[name]]
    people = named(term)
    if people.user_ids or people.keys:
        alternatives.append(_is_of(people))
    if not alternatives:
        users = User.objects.filter(username__istartswith=term)
        # A deleted connection is known by its rows alone.
        alternatives = [Q(user_id__in=users.values("pk")), Q(connection=term)]
        alternatives += [begins(name, term) for name in NAMES if known[f"begins_{name}"]]
    if len(alternatives) == 1:
        return UsageRow.objects.filter(alternatives[0])
    return UsageRow.objects.filter(_newest_first(reduce(or_, alternatives)))


def _known(term: str) -> dict[str, bool]:
    """Which models of rows, and which present connections, have this name, and which begin so.

    One query, by indexes: all rows would be read for a model that has none.
    """
    probes = {
        "model": Exists(UsageRow.objects.filter(model=term)),
        "connection": Exists(Connection.objects.filter(name=term)),
        "begins_model": Exists(UsageRow.objects.filter(begins("model", term))),
        "begins_connection": Exists(Connection.objects.filter(name__startswith=term)),
    }
    one_row = UsageRow.objects.order_by().values_list(*probes.values())[:1]
    found = next(iter(one_row), [False] * len(probes))
    return dict(zip(probes, found, strict=True))


def begins(field: str, text: str) -> Q:
    """A beginning that an index serves: SQLite has none for LIKE, and PostgreSQL none for a range
    where its collation is not the order of bytes.
    """
    if connection.vendor == "postgresql":
        return Q(**{f"{field}__startswith": text})
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST})


def _newest_first(condition: Q) -> Q:
    """``condition``, of several alternatives, so that SQLite reads rows in the order of the list
    and stops at the end of a page.

    It would gather and sort all rows of all alternatives by their indexes, for seconds where a
    common model is among them. No index serves the alternative that no row meets.
    """
    return condition if connection.vendor == "postgresql" else condition | Q(attempts__lt=0)


def _is_id(term: str) -> Q:
    return Q(pk=term) | Q(client_request_id=term) | Q(upstream_request_id=term)


def _is_of(found: Named) -> Q:
    """The rows of these users and keys, by the index on users."""
    condition = Q(user_id__in=found.user_ids)
    for user_id, key_id in found.keys:
        condition |= Q(user_id=user_id, key_id=key_id)
    return condition

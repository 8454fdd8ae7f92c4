"""When a request counts as failed: one definition for rows, records, totals and queries.

A stream that broke off has the status that it began with, and an error code. A request that failed
while its client waited is a failure. Lists have a state of its own for a client that left, so pages
that tell both, or lead to a list of failures, count failures.
"""

from __future__ import annotations

from typing import Protocol

from django.db.models import F, Q

FAILED = 400  # the first status that says so
IS_FAILED = Q(status__gte=FAILED) | ~Q(error_code="")
# The same as text: SQLite does not see that a parameter fits a partial index.
IS_FAILED_SQL = (
    f'("usage_usagerow"."status" >= {FAILED} OR NOT ("usage_usagerow"."error_code" = \'\'))'
)
# A failure, in queries of rows; its text for the same reason; and their number in a total.
IS_FAILURE = IS_FAILED & Q(is_client_gone=False)
IS_FAILURE_SQL = f'{IS_FAILED_SQL} AND NOT "usage_usagerow"."is_client_gone"'
FAILURES = F("failed") - F("left_unanswered")


class Ended(Protocol):
    """A record, or the row of one. ``status`` is 0 where nothing was answered."""

    @property
    def status(self) -> int: ...
    @property
    def error_code(self) -> str: ...


def has_failed(one: Ended) -> bool:
    """What :data:`IS_FAILED` says in queries."""
    return one.status >= FAILED or bool(one.error_code)


def is_unanswered(one: Ended) -> bool:
    """Whether it failed, or ended without any answer."""
    return not one.status or has_failed(one)

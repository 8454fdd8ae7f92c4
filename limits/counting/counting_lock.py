"""Who may count: flushers beside each other, or one who counts all of a limit, or deletes it."""

from __future__ import annotations

from django.db import connection

KEY = 7_306_086_956_164_540_001  # nobody else's advisory lock; written down once, never changed


def lock_for_adding() -> None:
    """Until the current transaction ends, nobody counts all of a limit."""
    _lock("pg_advisory_xact_lock_shared")


def lock_for_counting() -> None:
    """Until the current transaction ends, nobody adds to a period.

    To be taken before rows of limits are locked. SQLite needs no lock: a transaction that writes
    has the database to itself.
    """
    _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [KEY])

"""One ``migrate`` at a time: of several replicas that start together, the others wait.

PostgreSQL: an advisory lock that belongs to a transaction, on a connection of its own. A lock of
the session would not survive a pooler in transaction mode, which gives each transaction whatever
session is free. Nobody waits inside PostgreSQL, since a transaction that waits would keep one of
the pooler's few sessions from the ``migrate`` it waits for: they ask again and again instead.

SQLite: a lock on the directory of the file, which ends with the process and leaves no file behind.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.changes import DATABASE_ERRORS

LOCK_ID = 0x67617465686F7573  # "gatehous", which no other program is likely to take
ASK_SECONDS = 0.5
# How long the database may fail to answer those who wait: the pooler has few sessions, and the
# migration that is under way may hold the last of them.
LONGEST_SILENCE_SECONDS = 600.0

OnWait = Callable[[], None]


@contextmanager
def migration_lock(alias: str, on_wait: OnWait) -> Iterator[None]:
    """Hold the lock of the database ``alias``. ``on_wait`` is called once if another has it.

    Raises ``django.db.OperationalError`` where the database cannot be asked.
    """
    connection = connections[alias]
    if connection.vendor == "postgresql":
        with _transaction_lock(connection, on_wait):
            yield
    elif connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]
        with _directory_lock(Path(connection.settings_dict["NAME"]).parent, on_wait):
            yield
    else:
        yield


@contextmanager
def _transaction_lock(connection: BaseDatabaseWrapper, on_wait: OnWait) -> Iterator[None]:
    holder = connection.copy()
    holder.settings_dict["OPTIONS"].pop("pool", None)  # the pool may have room for one alone
    try:
        _wait_for(lambda: _has_locked(holder), on_wait)
        yield
    finally:
        with suppress(*DATABASE_ERRORS):  # a lost connection has lost its lock as well
            holder.rollback()
        holder.close()


def _wait_for(has_locked: Callable[[], bool], on_wait: OnWait) -> None:
    if has_locked():
        return
    on_wait()
    answered_at = time.monotonic()
    while True:
        time.sleep(ASK_SECONDS)
        try:
            if has_locked():
                return
            answered_at = time.monotonic()
        except OperationalError:
            if time.monotonic() - answered_at > LONGEST_SILENCE_SECONDS:
                raise


def _has_locked(holder: BaseDatabaseWrapper) -> bool:
    """Begin a transaction that holds the lock; or end it again, if another one does."""
    try:
        holder.ensure_connection()
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            # It says nothing for as long as the migrations take.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK_ID])
            (is_ours,) = cursor.fetchone()
    except DATABASE_ERRORS:
        holder.close()
        raise
    if not is_ours:
        holder.rollback()
    return bool(is_ours)


@contextmanager
def _directory_lock(directory: Path, on_wait: OnWait) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

"""Sums that are kept beside the rows, in the transaction that stores them.

::

    rows ──► inserted ──► each companion: those that are new, those that were there ──► commit
                                                                    └──► what it returned is called
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from django.db import DataError, IntegrityError, transaction

from usage.record import UsageRecord

logger = logging.getLogger(__name__)

# What one unforeseen record, or the sum of several, may bring about.
REFUSED = (
    DataError,
    IntegrityError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    LookupError,
)

AfterCommit = Callable[[], None]


class Stored(NamedTuple):
    """A record with the counts that its row has, and its cost in US dollars, None where unknown."""

    record: UsageRecord
    cost: Decimal | None


class Companion(Protocol):
    def wants(self, record: UsageRecord) -> bool:
        """Whether it is to be told of ``record``. Called for every record: it must be cheap."""

    def add(self, new: Sequence[Stored], known: Sequence[Stored]) -> AfterCommit | None:
        """Called within the transaction that inserted the rows of ``new``, on any thread.

        The rows of ``known`` were there before, as those of a journal that is moved again. What it
        returns is called after the commit.
        """

    def prune(self, before: datetime) -> None:
        """Called when the rows of requests ``before`` then became totals."""


class Companions:
    """The companions of this process, each added once, when the process starts."""

    def __init__(self) -> None:
        self._companions: list[Companion] = []

    def register(self, companion: Companion) -> None:
        if companion not in self._companions:
            self._companions.append(companion)

    def are_interested(self, record: UsageRecord) -> bool:
        """Whether any of them wants ``record``."""
        for companion in self._companions:  # noqa: SIM110 - `any` costs several times as much
            if companion.wants(record):
                return True
        return False

    def add(self, new: Sequence[Stored], known: Sequence[Stored]) -> None:
        """Tell each of what it wants. Raises ``django.db.OperationalError``.

        One that cannot take what it is told keeps no row from being stored: it is logged.
        """
        for companion in self._companions:
            fresh = [stored for stored in new if companion.wants(stored.record)]
            again = [stored for stored in known if companion.wants(stored.record)]
            if not fresh and not again:
                continue
            try:
                with transaction.atomic():
                    after = companion.add(fresh, again)
            except REFUSED:
                logger.exception("The sums beside the usage records lack %d of them.", len(fresh))
                continue
            if after is not None:
                transaction.on_commit(after, robust=True)

    def prune(self, before: datetime) -> None:
        """Have each forget what it need not keep, now that rows ``before`` then are totals."""
        for companion in self._companions:
            companion.prune(before)


companions = Companions()

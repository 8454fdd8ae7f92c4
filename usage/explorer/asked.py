"""The parameters of the list of requests: what is asked for, as an address has it.

``q`` is a text to search for; ``state`` is one of :class:`State`, ``period`` one of ``PERIODS``.
``since`` and ``until`` are moments, ``user_id``, ``key_id``, ``model``, ``connection`` and
``error_code`` whole values; ``group_id`` stands for those who are members now. ``before`` and
``after`` name the row that a page ends at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import BadRequest
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import User
from usage.failing import IS_FAILURE_SQL
from usage.models import UsageRow
from usage.periods import PeriodError, read_moment
from usage.row_indexes import SLOW_MS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile(r"([0-9]{1,16})_([!-~]{1,40})")
LONGEST = 300
LARGEST_ID = 2**63 - 1


class State(StrEnum):
    FAILED = "failed"
    LEFT = "left"
    SLOW = "slow"
    UNPRICED = "unpriced"


STATES = {
    State.FAILED: "Failed",
    State.LEFT: "Client left",
    State.SLOW: "Slow",
    State.UNPRICED: "No price",
}
PERIODS = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Day", timedelta(days=1)),
    "week": ("7 days", timedelta(days=7)),
    "month": ("30 days", timedelta(days=30)),
}
# Figures stand in the text: SQLite does not see that a parameter fits a partial index.
CONDITIONS = {
    State.FAILED: IS_FAILURE_SQL,
    State.LEFT: '"usage_usagerow"."is_client_gone"',
    State.SLOW: f'"usage_usagerow"."duration_ms" >= {SLOW_MS}',
    State.UNPRICED: '"usage_usagerow"."cost" IS NULL AND "usage_usagerow"."status" < 400',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A row's place in the list."""

    accepted_at: datetime
    request_id: str

    def __str__(self) -> str:
        return f"{(self.accepted_at - EPOCH) // timedelta(microseconds=1)}_{self.request_id}"

    @classmethod
    def of(cls, row: UsageRow) -> Cursor:
        return cls(accepted_at=row.accepted_at, request_id=row.request_id)

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Raises ``ValueError``."""
        if not (found := CURSOR.fullmatch(text)):
            raise ValueError("no cursor")
        return cls(accepted_at=EPOCH + timedelta(microseconds=int(found[1])), request_id=found[2])

    @property
    def older(self) -> Q:
        at = self.accepted_at
        return Q(accepted_at__lte=at) & (
            Q(accepted_at__lt=at) | Q(accepted_at=at, pk__lt=self.request_id)
        )

    @property
    def newer(self) -> Q:
        at = self.accepted_at
        return Q(accepted_at__gte=at) & (
            Q(accepted_at__gt=at) | Q(accepted_at=at, pk__gt=self.request_id)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One selection of the list. ``values`` are as the address has them, without empty ones."""

    values: Mapping[str, str]
    term: str = ""
    state: State | None = None
    since: datetime | None = None
    until: datetime | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    before: Cursor | None = None
    after: Cursor | None = None

    @classmethod
    def read(cls, query: Mapping[str, str], *, now: datetime) -> Asked:
        """Unknown parameters and empty ones are left out. Raises ``BadRequest``."""
        given = {name: str(query[name]).strip() for name in READERS if name in query}
        values = {name: text for name, text in given.items() if text}
        if any("\0" in text or len(text) > LONGEST for text in values.values()):
            raise BadRequest("No record can hold such a value.")
        period = values.get("period", "")
        try:
            read = {name: READERS[name](text) for name, text in values.items()}
        except (KeyError, ValueError, OverflowError) as exc:
            raise BadRequest("The address has a value that cannot be read.") from exc
        return cls(
            values=values,
            term=values.get("q", ""),
            state=read.get("state"),
            since=now - PERIODS[period][1] if period else read.get("since"),
            until=read.get("until"),
            fields={name: read[name] for name in FIELDS if name in read},
            before=read.get("before"),
            after=read.get("after"),
        )

    def rows(self, of: QuerySet[UsageRow]) -> QuerySet[UsageRow]:
        """Those of ``of`` that fit, wherever a page begins."""
        rows = of.filter(**{name: self.fields[name] for name in self.fields if name != GROUP})
        if GROUP in self.fields:
            rows = rows.filter(user_id__in=members_of(self.fields[GROUP]))
        if self.state is not None:
            condition = CONDITIONS[self.state]
            rows = rows.filter(RawSQL(condition, (), output_field=BooleanField()))  # noqa: S611
        if self.since is not None:
            rows = rows.filter(accepted_at__gte=self.since)
        return rows if self.until is None else rows.filter(accepted_at__lt=self.until)

    def address(self, **changes: Any) -> str:
        """The query of this selection with other values; ``""`` takes one out.

        It begins with the newest page unless ``changes`` name a cursor.
        """
        kept = {name: self.values[name] for name in self.values if name not in CURSORS}
        merged = kept | {name: str(value) for name, value in changes.items()}
        return f"?{urlencode({name: value for name, value in merged.items() if value})}"


def members_of(group_id: int) -> QuerySet[Any, Any]:
    """The ids of the users in this group."""
    memberships: QuerySet[Any] = User.groups.through.objects.filter(group_id=group_id)
    return memberships.values("user_id")


def _moment(text: str) -> datetime:
    try:
        return read_moment(text)
    except PeriodError as exc:
        raise ValueError(text) from exc


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST_ID:
        raise ValueError(text)
    return int(text)


def _period(text: str) -> str:
    return text if PERIODS[text] else ""


GROUP = "group_id"
FIELDS = ("user_id", "key_id", "model", "connection", "error_code", GROUP)
CURSORS = ("before", "after")
READERS: dict[str, Callable[[str], Any]] = {
    "q": str,
    "state": State,
    "period": _period,
    "since": _moment,
    "until": _moment,
    "user_id": _number,
    "group_id": _number,
    "key_id": UUID,
    "model": str,
    "connection": str,
    "error_code": str,
    "before": Cursor.read,
    "after": Cursor.read,
}

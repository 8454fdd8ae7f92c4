"""Raises: another amount until a date, made and ended by files, commands and the admin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from connections.configuration.entry import EntryError, Reader, read_fields, text
from limits.choices import Metric
from limits.configuration.dates import end_of
from limits.configuration.descriptions import plain
from limits.configuration.numbers import amount, as_number
from limits.configuration.subjects import UnknownSubjectError, names_of, share_of
from limits.models import Limit, LimitChange
from limits.validators import validate_amount


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseSpec:
    """``share`` is empty for all of the limit's, else ``user:alice`` or ``key:ID``."""

    amount: Decimal
    until: datetime
    share: str = ""
    reason: str = ""

    @classmethod
    def from_dict(cls, entry: Any, subject: str) -> RaiseSpec:
        """Raises :class:`connections.configuration.entry.EntryError`."""
        try:
            return cls(**read_fields("raise", entry, READERS, required=("amount", "until")))
        except EntryError as exc:
            raise EntryError(subject, "raises", f"{exc.field} {exc.problem}".strip()) from exc

    def to_dict(self) -> dict[str, Any]:
        given: dict[str, Any] = {
            "amount": as_number(self.amount),
            "until": self.until.isoformat(),
        }
        optional = {"share": self.share, "reason": self.reason}
        return given | {name: value for name, value in optional.items() if value}

    def __str__(self) -> str:
        whose = f" for {self.share}" if self.share else ""
        return f"{plain(self.amount)} until {timezone.localtime(self.until):%Y-%m-%d %H:%M}{whose}"


def in_force(limit: Limit) -> list[LimitChange]:
    """The raises of ``limit`` that have not ended, the latest first."""
    return list(limit.changes.filter(until__gt=timezone.now()))


def raises_of(limit: Limit) -> tuple[RaiseSpec, ...]:
    """Those in force as values, in the order in which they were made."""
    rows = in_force(limit)[::-1]
    names = names_of(row.share for row in rows)
    return tuple(
        RaiseSpec(amount=row.amount, until=row.until, share=names[row.share], reason=row.reason)
        for row in rows
    )


def raise_limit(limit: Limit, raised: RaiseSpec, *, made_by: str = "") -> LimitChange:
    """Have ``raised`` hold from now on.

    Raises ``ValidationError``, and ``ValueError`` or ``UnknownSubjectError`` for its share.
    """
    validate_amount(Metric(limit.metric), raised.amount)
    if raised.until <= timezone.now():
        raise ValidationError({"until": "The end is in the past."})
    change = LimitChange(
        limit=limit,
        share=share_of(raised.share),
        amount=raised.amount,
        until=raised.until,
        reason=raised.reason,
        made_by=made_by[:150],
    )
    change.save()
    return change


def end_raises(rows: Sequence[LimitChange]) -> None:
    """Have the raises ``rows`` hold no longer. They stay in the list of what was."""
    for row in rows:
        row.until = timezone.now()
        row.save(update_fields=["until"])


def bring_to(limit: Limit, raises: Sequence[RaiseSpec], *, made_by: str) -> None:
    """Have exactly ``raises`` hold; those that have ended by now are passed over.

    Raises :class:`connections.configuration.entry.EntryError`.
    """
    subject = f"limit {limit.label}"
    kept = {str(one): one for one in raises if one.until > timezone.now()}
    there = dict(zip(map(str, raises_of(limit)), in_force(limit)[::-1], strict=True))
    end_raises([row for name, row in there.items() if name not in kept])
    for name, one in kept.items():
        if name in there:
            continue
        try:
            raise_limit(limit, one, made_by=made_by)
        except ValidationError as exc:
            raise EntryError(subject, "raises", " ".join(exc.messages)) from exc
        except (ValueError, UnknownSubjectError) as exc:
            raise EntryError(subject, "raises", f"share: {exc}") from exc


READERS: dict[str, Reader] = {"amount": amount, "until": end_of, "share": text, "reason": text}

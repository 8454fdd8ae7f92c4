"""A limit as configuration files write it, and bringing the database to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from connections.configuration.difference import Difference, Kind
from connections.configuration.entry import EntryError, read_fields
from limits.choices import (
    OF_UPSTREAMS,
    Metric,
    Mode,
    OnOutage,
    Share,
    SubjectKind,
    Unpriced,
    Window,
)
from limits.configuration.numbers import as_number
from limits.configuration.raises import RaiseSpec, bring_to, raises_of
from limits.configuration.spec_fields import READERS, SUBJECT_READERS
from limits.configuration.subjects import Subject, UnknownSubjectError
from limits.models import Limit
from limits.models.limits import SUBJECT_FIELDS, usual_thresholds
from limits.validators import validate_addresses, validate_amount, validate_share, validate_wait

# The names of the columns where the file has shorter ones.
COLUMNS = {"models": "model_patterns", "enabled": "is_enabled"}
FIXED = ("subject", "share", "metric", "window")  # what a limit's counts belong to
SEPARATE = {"subject", "raises"}
EVERYONE = SubjectKind.EVERYONE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSpec:
    """One complete description. ``raises`` are those in force; None leaves the stored ones."""

    label: str
    subject: Subject
    share: str = Share.POOL.value
    models: tuple[str, ...] = ("*",)
    endpoints: tuple[str, ...] = ()
    metric: str
    amount: Decimal
    window: str = Window.NONE.value
    time_zone: str = ""
    mode: str = Mode.ENFORCE.value
    on_outage: str = OnOutage.DEFAULT.value
    unpriced: str = Unpriced.REFUSE.value
    assumed_per_million: Decimal = Decimal(10)
    wait_seconds: float = 0.0
    clamps: bool = True
    thresholds: tuple[int, ...] = tuple(usual_thresholds())
    alert_emails: tuple[str, ...] = ()
    enabled: bool = True
    raises: tuple[RaiseSpec, ...] | None = None

    @classmethod
    def from_dict(cls, entry: Any) -> LimitSpec:
        """Raises :class:`connections.configuration.entry.EntryError`."""
        label = entry.get("label") if isinstance(entry, dict) else None
        subject = f"limit {label}" if isinstance(label, str) else "limit"
        given = read_fields(subject, entry, READERS, required=("label", "metric", "amount"))
        given["subject"] = _subject_of(subject, given)
        if "raises" in given:
            given["raises"] = tuple(RaiseSpec.from_dict(one, subject) for one in given["raises"])
        spec = cls(**given)
        spec.check()
        return spec

    @classmethod
    def of(cls, row: Limit) -> LimitSpec:
        """``row`` as a value, with its raises."""
        columns = {
            each.name: _frozen(getattr(row, COLUMNS.get(each.name, each.name)))
            for each in fields(cls)
            if each.name not in SEPARATE
        }
        if row.subject_kind in OF_UPSTREAMS:  # no request waits there, whatever the row says
            columns["wait_seconds"] = 0.0
        return cls(**columns, subject=Subject.of(row), raises=raises_of(row))

    def check(self) -> None:
        """Raises ``EntryError`` for what no limit can be, whatever there is in the database."""
        if (self.metric == Metric.CONCURRENCY) == bool(self.window):
            windows = ", ".join(filter(None, Window))
            problem = "must be left out for requests at once" if self.window else ""
            raise EntryError(self.title, "window", problem or f"is missing: one of {windows}")
        row = Limit(**self.columns(), subject_kind=self.subject.kind.value)
        try:
            row.clean_fields(exclude=SUBJECT_FIELDS)
        except ValidationError as exc:
            column, messages = next(iter(exc.message_dict.items()))
            name = next((name for name, named in COLUMNS.items() if named == column), column)
            raise EntryError(self.title, name, f"is not valid. {' '.join(messages)}") from exc
        self._check_together()

    def _check_together(self) -> None:
        """What depends on two fields."""
        field = "amount"
        try:
            validate_amount(Metric(self.metric), self.amount)
            field = "share"
            validate_share(self.subject.kind, Share(self.share))
            field = "wait_seconds"
            validate_wait(self.subject.kind, self.wait_seconds)
            field = "alert_emails"
            validate_addresses(self.alert_emails)
        except ValidationError as exc:
            raise EntryError(self.title, field, f"is not valid. {' '.join(exc.messages)}") from exc

    @property
    def title(self) -> str:
        return f"limit {self.label}"

    def to_dict(self) -> dict[str, Any]:
        """The entry that reads back as this spec, without what is as by default."""
        plain = LimitSpec(
            label=self.label, subject=self.subject, metric=self.metric, amount=self.amount
        )
        kind = self.subject.kind.value
        whose = {kind: True if kind == EVERYONE else self.subject.name}
        given: dict[str, Any] = {"label": self.label} | whose
        for each in fields(self):
            value = getattr(self, each.name)
            is_told = each.name in {"metric", "amount"} or value != getattr(plain, each.name)
            if is_told and each.name not in {"label", *SEPARATE}:
                given[each.name] = _written(value)
        if self.raises:
            given["raises"] = [one.to_dict() for one in self.raises]
        return given

    @transaction.atomic
    def upsert(self, *, made_by: str = "") -> Difference:
        """Add the limit, or change its row where it differs.

        A limit of another subject, share, metric or window takes the place of the one that has the
        label: what was counted for that one means nothing for it. The current period of the new
        one is counted from the usage records. ``made_by`` is recorded with new raises.

        Raises ``EntryError``.
        """
        row = Limit.objects.filter(label=self.label).first()
        before = LimitSpec.of(row) if row else None
        details = tuple(_details(before, self)) if before else ()
        if before and not details:
            return Difference(subject=self.title, kind=Kind.UNCHANGED)
        if row and (changed := [name for name in FIXED if _differs(before, self, name)]):
            row.delete()
            row = None
            details += (f"replaced, and its counts begin again: another {changed[0]}",)
            if before and before.raises and self.raises is None:
                details += ("its raises end",)
        self._save(row or Limit(), made_by)
        return Difference(
            subject=self.title, kind=Kind.CHANGED if before else Kind.ADDED, details=details
        )

    def _save(self, row: Limit, made_by: str) -> None:
        try:
            columns = self.columns() | self.subject.columns()
        except UnknownSubjectError as exc:
            raise EntryError(self.title, self.subject.kind.value, f"is unknown: {exc}") from exc
        for column, value in columns.items():
            setattr(row, column, value)
        try:
            row.full_clean()
        except ValidationError as exc:
            raise EntryError(self.title, "", " ".join(exc.messages)) from exc
        row.save()
        if self.raises is not None:
            bring_to(row, self.raises, made_by=made_by)

    def columns(self) -> dict[str, Any]:
        """All columns but those of the subject."""
        return {
            COLUMNS.get(each.name, each.name): _thawed(getattr(self, each.name))
            for each in fields(self)
            if each.name not in SEPARATE
        }


def _subject_of(title: str, given: dict[str, Any]) -> Subject:
    """Takes the one field out of ``given`` that names the subject."""
    named = {name: given.pop(name) for name in SUBJECT_READERS if name in given}
    found = [name for name, value in named.items() if value]
    if len(found) != 1:
        problem = "is one too many of" if found else "names none of"
        field = found[1] if found else ""
        raise EntryError(title, field, f"{problem} {', '.join(SUBJECT_READERS)}")
    name = found[0]
    return Subject(SubjectKind(name), "" if name == EVERYONE else named[name])


def _differs(before: LimitSpec | None, after: LimitSpec, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _details(before: LimitSpec, after: LimitSpec) -> Iterator[str]:
    for each in fields(after):
        was, becomes = getattr(before, each.name), getattr(after, each.name)
        if each.name != "raises" and was != becomes:
            yield f"{each.name} {_told(was)} → {_told(becomes)}"
    if after.raises is not None:
        to_come = [one for one in after.raises if one.until > timezone.now()]
        was_raised, raised = set(map(str, before.raises or ())), set(map(str, to_come))
        yield from (f"no longer raised to {one}" for one in sorted(was_raised - raised))
        yield from (f"raised to {one}" for one in sorted(raised - was_raised))


def _told(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return str(_written(value)) if value != "" else "none"


def _written(value: Any) -> Any:
    match value:
        case tuple():
            return list(value)
        case Decimal():
            return as_number(value)
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _thawed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value

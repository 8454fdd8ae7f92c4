"""The findings of a verification, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum

from connections.choices import Cause, Outcome
from wire_formats.json_types import JsonObject


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A new ``value`` for a ``field`` of the connection that is likely to help."""

    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The finding of one step. ``hint`` says what to change, if something can be changed.

    ``cause`` is that of a failure where the step alone does not tell it; ``change`` is the hint as
    a value where it is one.
    """

    status: Status
    detail: str
    hint: str = ""
    cause: Cause | None = None
    change: Change | None = None


def ok(detail: str, hint: str = "") -> Finding:
    return Finding(status=Status.OK, detail=detail, hint=hint)


def warning(detail: str, hint: str, *, cause: Cause | None = None) -> Finding:
    return Finding(status=Status.WARNING, detail=detail, hint=hint, cause=cause)


def failed(
    detail: str, hint: str, *, cause: Cause | None = None, change: Change | None = None
) -> Finding:
    return Finding(status=Status.FAILED, detail=detail, hint=hint, cause=cause, change=change)


def skipped(detail: str, hint: str = "") -> Finding:
    return Finding(status=Status.SKIPPED, detail=detail, hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A finding with its name and the time it took. All texts are safe to show."""

    name: str
    status: Status
    milliseconds: float
    detail: str
    hint: str = ""
    cause: Cause | None = None
    change: Change | None = None

    def as_json(self) -> JsonObject:
        """The step for programs, which do not press a button."""
        texts = ("name", "status", "milliseconds", "detail", "hint")
        return {name: getattr(self, name) for name in texts}

    def kept(self) -> JsonObject:
        """The step as the database keeps it, with the change that a page offers."""
        return self.as_json() | ({"change": asdict(self.change)} if self.change else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The steps in their order, and the models as the upstream listed them."""

    steps: tuple[Step, ...]
    models: tuple[JsonObject, ...] = field(default=(), repr=False)

    @property
    def outcome(self) -> Outcome:
        statuses = {step.status for step in self.steps}
        if Status.FAILED in statuses:
            return Outcome.FAILED
        return Outcome.WARNINGS if Status.WARNING in statuses else Outcome.OK

    @property
    def failure(self) -> Step | None:
        """The step that broke."""
        return next((step for step in self.steps if step.status is Status.FAILED), None)

    def as_json(self) -> JsonObject:
        return {"outcome": self.outcome, "steps": [step.as_json() for step in self.steps]}

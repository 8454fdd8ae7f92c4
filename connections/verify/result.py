"""The findings of a verification, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum

from connections.choices import Outcome
from wire_formats.json_types import JsonObject


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The finding of one step. ``hint`` says what to change, if something can be changed."""

    status: Status
    detail: str
    hint: str = ""


def ok(detail: str, hint: str = "") -> Finding:
    return Finding(status=Status.OK, detail=detail, hint=hint)


def warning(detail: str, hint: str) -> Finding:
    return Finding(status=Status.WARNING, detail=detail, hint=hint)


def failed(detail: str, hint: str) -> Finding:
    return Finding(status=Status.FAILED, detail=detail, hint=hint)


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
        return {"outcome": self.outcome, "steps": [asdict(step) for step in self.steps]}

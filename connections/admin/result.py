"""The last verification of a connection, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from connections.choices import Outcome
from connections.models import Connection, LastVerification
from infrastructure.moments import age_of

NAMES = {
    "url": "URL",
    "dns": "DNS",
    "tcp": "TCP",
    "tls": "TLS",
    "auth": "Key",
    "models": "Models",
    "chat": "Chat",
    "stream": "Stream",
}
SIGNS = {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "–"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """``name`` is the step's own, ``label`` what a page calls it; ``change`` may be applied."""

    name: str
    label: str
    status: str
    took: str
    detail: str
    hint: str = ""
    change: str = ""

    @property
    def sign(self) -> str:
        return SIGNS.get(self.status, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """``is_outdated``: the connection was changed since, so that no change is offered any more."""

    sentence: str
    started_at: datetime
    is_outdated: bool
    steps: Sequence[ShownStep]

    @property
    def age(self) -> str:
        age = age_of(self.started_at, now=timezone.now())
        return age if age == "just now" else f"{age} ago"


def result_of(connection: Connection) -> Result | None:
    """None where the connection was never verified."""
    last = last_of(connection)
    if last is None:
        return None
    return Result(
        sentence=_sentence(last),
        started_at=last.started_at,
        is_outdated=is_outdated(connection, last),
        steps=[_shown(step) for step in last.steps],
    )


def last_of(connection: Connection) -> LastVerification | None:
    try:
        last: LastVerification = connection.last_verification
    except ObjectDoesNotExist:
        return None
    return last


def is_outdated(connection: Connection, last: LastVerification) -> bool:
    """Whether ``connection`` has changed since its verification."""
    return last.started_at < connection.updated_at


def _sentence(last: LastVerification) -> str:
    match Outcome(last.outcome):
        case Outcome.OK:
            return "Every step works"
        case Outcome.WARNINGS:
            return "It answers, with warnings"
        case Outcome.FAILED:
            return f"It fails at {NAMES.get(last.failed_step, last.failed_step)}"


def _shown(step: Mapping[str, Any]) -> ShownStep:
    is_skipped = step["status"] == "skipped"
    change = step.get("change") or {}
    return ShownStep(
        name=step["name"],
        label=NAMES.get(step["name"], step["name"]),
        status=step["status"],
        took="" if is_skipped else f"{step['milliseconds']:.0f} ms",
        detail=step["detail"],
        hint=step.get("hint", ""),
        change=change.get("value", "") if change.get("field") == "base_url" else "",
    )

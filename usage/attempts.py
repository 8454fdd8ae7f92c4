"""What was tried for a request: each attempt as a value, as JSON, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from resilience.outcomes import Kind
from wire_formats.token_counts import Tokens

LONGEST_CODE = 64
LONGEST_WHY = 100
LONGEST_TEXT = 2000
LONGEST_TIER = 32
ERROR_TEXT = "error_text"  # of an attempt's facts
ARROW = "→"
# The upstream may have done the work. What broke off after content is in the record's own counts.
MAY_BE_BILLED = frozenset({Kind.FAILED, Kind.STOPPED})

AttemptFacts = dict[str, Any]


# Neither frozen nor by keywords alone: either takes several times as long to make.
@dataclass(slots=True)
class Attempt:
    """One try to have a request answered by one key of one connection, filled in as it goes.

    ``model`` is the upstream's name of the model. ``key_hint`` is what logs may show of the key.
    ``status`` is 0 without a response, ``code`` the provider's word for an error, without secrets.
    ``milliseconds`` passed until it was decided how the attempt ended. ``why`` tells what led to
    the next attempt and what that was: ``429 → other key``. ``tokens`` are what a failed attempt
    told of its use; the counts of the attempt that serves the client stay with the exchange.
    ``kind`` stays as it is for an attempt that is cancelled. ``started`` is a reading of
    ``time.monotonic``. ``error_text`` says how a failed attempt ended, in the upstream's words if
    there are any, without secrets; ``upstream_request_id`` is its own name for a failed attempt.
    """

    connection: str
    model: str
    key_hint: str = ""
    status: int = 0
    code: str = ""
    milliseconds: int = 0
    why: str = ""
    tokens: Tokens | None = None
    kind: Kind = Kind.STOPPED
    started: float = 0.0
    error_text: str = ""
    upstream_request_id: str = ""

    @property
    def may_be_billed(self) -> bool:
        """Whether the upstream may count what nobody here can count."""
        return self.tokens is None and self.kind in MAY_BE_BILLED

    def facts(self) -> AttemptFacts:
        """The attempt as JSON has it. What follows ``why`` is there only where it says more."""
        found: AttemptFacts = {
            "connection": self.connection,
            "model": printable(self.model),
            "key": self.key_hint,
            "status": self.status,
            "code": printable(self.code)[:LONGEST_CODE],
            "outcome": self.kind.value,
            "ms": self.milliseconds,
            "why": printable(self.why)[:LONGEST_WHY],
        }
        if self.tokens is not None:
            told = asdict(self.tokens)
            found["tokens"] = {
                name: printable(value)[:LONGEST_TIER] if isinstance(value, str) else value
                for name, value in told.items()
                if value is not None
            }
        if self.may_be_billed:
            found["may_be_billed"] = True
        if self.error_text:
            found[ERROR_TEXT] = printable(" ".join(self.error_text.split()))[:LONGEST_TEXT]
        if self.upstream_request_id:
            found["upstream_request_id"] = self.upstream_request_id
        return found


def attempt_log(attempts: Sequence[Attempt], started: float | None = None) -> list[AttemptFacts]:
    """The facts of each attempt; empty where the first one succeeded, as nearly all do.

    With ``started``, when the request came, ``started_ms`` tells how long after it each began.
    """
    if len(attempts) == 1 and attempts[0].kind is Kind.SUCCESS:
        return []
    log = [attempt.facts() for attempt in attempts]
    if started is not None:
        for attempt, facts in zip(attempts, log, strict=True):
            if attempt.started:
                facts["started_ms"] = round((attempt.started - started) * 1000)
    return log


def attempt_lines(log: Iterable[AttemptFacts]) -> list[str]:
    """A line for each attempt, such as ``azure-eu …a1b2 429 120 ms → other key``."""
    return [_line(attempt) for attempt in log]


def words_of(log: Iterable[AttemptFacts]) -> list[str]:
    """How each attempt ended in the upstream's words; empty where it told none, or too long ago."""
    return [str(attempt.get(ERROR_TEXT) or "") for attempt in log]


def printable(text: str) -> str:
    """``text`` without what a terminal obeys and what a database refuses."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def _line(attempt: AttemptFacts) -> str:
    said = [attempt.get("connection"), attempt.get("key"), attempt.get("status")]
    said += [attempt.get("code") or _outcome(attempt), f"{attempt.get('ms', 0):,} ms"]
    line = " ".join(str(part) for part in said if part)
    if attempt.get("may_be_billed"):
        line += " (may have been billed)"
    if cost := attempt.get("cost"):
        line += f" (${cost})"
    if why := str(attempt.get("why") or ""):
        line += f" {ARROW} {why.rpartition(ARROW)[2].strip()}"
    return line


def _outcome(attempt: AttemptFacts) -> str:
    """The outcome in words, where no status tells it."""
    return "" if attempt.get("status") else str(attempt.get("outcome", "")).replace("_", " ")

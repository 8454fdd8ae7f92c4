"""How a request went: in a word with a tone for lists, and in a sentence for its page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from infrastructure.moments import span
from usage.attempts import AttemptFacts
from usage.failing import FAILED, is_unanswered
from usage.models import UsageRow

LONGEST_WORDS = 200


class Tone(StrEnum):
    """The variant of a label. Danger is for what needs somebody: an upstream or a key fails."""

    PLAIN = ""
    GOOD = "success"
    NOTE = "info"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``code`` and ``sentence`` tell how it went; both are for people."""

    code: str
    sentence: str
    tone: Tone


def label(row: UsageRow) -> tuple[str, Tone]:
    """The word for a list."""
    if row.is_client_gone:
        return "Client left", Tone.NOTE
    if is_unanswered(row):
        return f"{row.status or ''} {row.error_code}".strip() or "Failed", _tone(row)
    return "OK", Tone.GOOD


def outcome(row: UsageRow) -> Outcome:
    """The verdict of the page of ``row``."""
    log: list[AttemptFacts] = row.attempt_log or []
    took = span(row.duration_ms)
    if row.is_client_gone:
        return Outcome(code="", sentence=f"The client left after {took}.", tone=Tone.NOTE)
    if not is_unanswered(row):
        sentence = f"Answered{_by(row.connection)}{_after(log)} in {took}."
        return Outcome(code="", sentence=sentence, tone=Tone.GOOD)
    code = f"{row.status or ''} {row.error_code}".strip()
    if 0 < row.status < FAILED:
        sentence = f"The response{_by(row.connection, 'of')} broke off after {took}."
    elif not row.attempts:
        sentence = "Refused by the gateway: no upstream was asked."
    else:
        sentence = _of_last(row, log)
    return Outcome(code=code, sentence=sentence, tone=_tone(row))


def words_of(attempt: AttemptFacts) -> str:
    """The upstream's own words of an attempt, or ``""``."""
    return str(attempt.get("error_text") or "")


def _tone(row: UsageRow) -> Tone:
    return Tone.WARNING if 0 < row.status < 500 else Tone.DANGER


def _by(connection: str, word: str = "by") -> str:
    return f" {word} {connection}" if connection else ""


def _after(log: list[AttemptFacts]) -> str:
    failed = len(log) - 1
    if failed < 1:
        return ""
    return " after one failed attempt" if failed == 1 else f" after {failed} failed attempts"


def _of_last(row: UsageRow, log: list[AttemptFacts]) -> str:
    last: dict[str, Any] = log[-1] if log else {}
    name = last.get("connection") or row.connection or "The upstream"
    status = last.get("status") or ""
    said = " ".join(words_of(last).split())
    if len(said) > LONGEST_WORDS:
        said = f"{said[:LONGEST_WORDS]}…"
    sentence = f"{name} answered {status}" if status else f"{name} gave no response"
    tries = f" It was the last of {row.attempts} attempts." if row.attempts > 1 else ""
    if not said:
        return f"{sentence}.{tries}"
    end = "" if said.endswith((".", "!", "?", "…")) else "."
    return f"{sentence}: “{said}”{end}{tries}"

"""A request's time as bars: the gateway's part, each attempt, and the response."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from infrastructure.moments import span
from usage.attempts import ARROW, AttemptFacts
from usage.explorer.outcomes import words_of
from usage.failing import FAILED
from usage.models import UsageRow

WIDTH = 1000
THINNEST = 4
GOOD, BAD, PASSED, NEUTRAL = "good", "bad", "passed", "neutral"


class Bar(TypedDict):
    """In parts of ``WIDTH``."""

    x: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``x`` and ``width`` are in parts of ``WIDTH``; ``kind`` is the colour, ``words`` the
    upstream's own.
    """

    title: str
    key: str = ""
    connection: str = ""
    x: int = 0
    width: int = 0
    kind: str = NEUTRAL
    took: str = "–"
    answer: str = ""
    following: str = ""
    upstream_id: str = ""
    words: str = ""


def steps(row: UsageRow) -> list[Step]:
    """The parts of ``row``'s time in their order. An attempt begins where the one before ended,
    unless it tells its begin.
    """
    log: Sequence[AttemptFacts] = row.attempt_log or []
    total = max(row.duration_ms, sum(_number(each.get("ms")) for each in log), 1)
    found = []
    if row.overhead_us is not None:
        part = row.overhead_us / 1000
        found.append(Step(title="gateway", took=f"{part:.1f} ms", **_bar(0, part, total)))
    found += _attempts(row, log, total) if log else _only_one(row, total)
    if row.first_byte_ms is not None and row.is_streamed:
        left = max(row.duration_ms - row.first_byte_ms, 0)
        bar = _bar(row.first_byte_ms, left, total)
        answer = f"{row.chunks:,} chunk{'' if row.chunks == 1 else 's'}"
        found.append(Step(title="response", took=span(left), answer=answer, **bar))
    return found


def _attempts(row: UsageRow, log: Sequence[AttemptFacts], total: int) -> list[Step]:
    found, begun = [], 0
    is_answered = 0 < row.status < FAILED
    for number, attempt in enumerate(log, start=1):
        took = _number(attempt.get("ms"))
        begun = _number(attempt.get("started_ms")) or begun
        is_good = attempt.get("outcome") == "success"
        bad = PASSED if is_answered or row.is_client_gone else BAD
        upstream_id = str(attempt.get("upstream_request_id") or "")
        if not upstream_id and number == len(log):
            upstream_id = row.upstream_request_id
        found.append(
            Step(
                title=f"{number} · ",
                connection=str(attempt.get("connection") or ""),
                key=str(attempt.get("key") or ""),
                took=span(took),
                kind=GOOD if is_good else bad,
                answer=_answer(attempt),
                following=str(attempt.get("why") or "").rpartition(ARROW)[2].strip(),
                upstream_id=upstream_id,
                words=words_of(attempt),
                **_bar(begun, took, total),
            )
        )
        begun += took
    return found


def _only_one(row: UsageRow, total: int) -> list[Step]:
    """The first attempt of a row that tells of none: it succeeded, or the row is an old one."""
    if not row.attempts:
        return []
    took = row.duration_ms if row.first_byte_ms is None else row.first_byte_ms
    return [
        Step(
            title="1 · " if row.attempts == 1 else f"{row.attempts} attempts · ",
            connection=row.connection,
            took=span(took),
            kind=GOOD if 0 < row.status < FAILED else PASSED if row.is_client_gone else BAD,
            answer=str(row.status or ""),
            upstream_id=row.upstream_request_id,
            **_bar(0, took, total),
        )
    ]


def _bar(begin: float, length: float, total: int) -> Bar:
    width = max(round(length / total * WIDTH), THINNEST)
    x = min(round(begin / total * WIDTH), WIDTH - THINNEST)
    return {"x": x, "width": min(width, WIDTH - x)}


def _answer(attempt: AttemptFacts) -> str:
    outcome = str(attempt.get("outcome") or "").replace("_", " ")
    parts = (attempt.get("status") or "", attempt.get("code") or "")
    said = " ".join(str(part) for part in parts if part) or outcome
    cost = f", ${attempt['cost']}" if attempt.get("cost") else ""
    return f"{said}{cost}" + (", may have been billed" if attempt.get("may_be_billed") else "")


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0

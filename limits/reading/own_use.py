"""What is used now of the limits that hold for a caller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from channels.db import database_sync_to_async

from accounts.caller import Caller
from accounts.changes import DATABASE_ERRORS
from limits.admission.holds import ask_of
from limits.book import Book, share_of, subjects_of
from limits.choices import Mode, Window
from limits.counting.periods import bases_of
from limits.matches import Matched
from limits.meters.interface import Ask, MeterKind, Meters, MetersUnavailableError, Reading
from limits.rule import Rule


class OwnUse(NamedTuple):
    """``amount`` and ``used`` are in the units of meters; ``used`` is None where nobody can say.

    ``resets_at``, in seconds since the epoch, is when a period ends or a bucket is full again;
    None where that is never, or is now. ``is_own``: the share is the caller's alone, and all of its
    numbers may be told.
    """

    rule: Rule
    amount: int
    used: int | None
    resets_at: float | None
    is_own: bool


async def uses_of(caller: Caller, book: Book, meters: Meters, *, now: float) -> list[OwnUse]:
    """The use of every limit of ``caller`` that its requests may be told of, by their labels.

    Where ``meters`` know nothing of a period, it is what the database holds.
    """
    matched = [each for each in _limits_of(caller, book) if each.rule.mode is not Mode.SHADOW]
    asks = [question(each, now) for each in matched]
    readings = await _read(meters, asks)
    found = [
        _use(each.rule, ask, reading, now, is_own=each.rule.is_own_of(caller))
        for each, ask, reading in zip(matched, asks, readings, strict=True)
    ]
    return sorted(found, key=lambda use: use.rule.label)


def question(matched: Matched, now: float) -> Ask:
    """The ask that reads the meter of a limit, and reserves nothing."""
    ask, _ = ask_of(matched, 0, 0, now, now)
    return ask


def resets_at(rule: Rule, ask: Ask, reading: Reading | None, now: float) -> float | None:
    """When the period of ``rule`` ends, or its bucket is full again, in seconds since the epoch;
    None where that is never, is now, or is not known.
    """
    if ask.kind is MeterKind.PERIOD:
        return None if rule.window is Window.TOTAL else ask.ends_at
    if ask.kind is MeterKind.BUCKET and reading is not None and reading.reset_seconds > 0:
        return now + reading.reset_seconds
    return None


def _limits_of(caller: Caller, book: Book) -> list[Matched]:
    """Those for any model and endpoint."""
    subjects = set(subjects_of(caller))
    return [
        Matched.of(rule, share_of(rule, caller.user_id, caller.key_id))
        for rule in book.rules
        if (rule.subject_kind, rule.subject_id) in subjects
    ]


async def _read(meters: Meters, asks: Sequence[Ask]) -> list[Reading | None]:
    if not asks:
        return []
    try:
        readings = list(await meters.read(asks))
    except MetersUnavailableError:
        readings = [None] * len(asks)
    is_period = [ask.kind is MeterKind.PERIOD for ask in asks]
    unknown = [n for n, reading in enumerate(readings) if reading is None and is_period[n]]
    if not unknown:
        return readings
    try:
        bases = await database_sync_to_async(bases_of)([asks[n] for n in unknown])
    except DATABASE_ERRORS:
        return readings
    for n, base in zip(unknown, bases, strict=True):
        readings[n] = Reading(base.meter, asks[n].amount, base.amount, 0.0)
    return readings


def _use(rule: Rule, ask: Ask, reading: Reading | None, now: float, *, is_own: bool) -> OwnUse:
    used = None if reading is None else reading.used
    return OwnUse(rule, ask.amount, used, resets_at(rule, ask, reading, now), is_own)

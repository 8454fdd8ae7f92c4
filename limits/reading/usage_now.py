"""What is used now of limits, by their shares: from the meters where they can be asked, else as the
database has it.

The database knows periods alone, and some seconds late. What is used of buckets and slots is not
known without meters.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Case, Expression, F, Q, When
from django.db.models import Window as Over
from django.db.models.functions import RowNumber

from accounts.models import ApiKey
from limits.choices import Metric, Share, SubjectKind
from limits.configuration.subjects import share_of_key, share_of_user
from limits.loading import rule_of
from limits.matches import Matched
from limits.meters.interface import Ask, MeterKind
from limits.models import Limit, Period
from limits.reading.forecast import runs_out_at
from limits.reading.meters_now import read_now
from limits.reading.own_use import question, resets_at
from limits.rule import Rule
from limits.windows import is_of_calendar, span_of

MOST_SHARES = 50

COLUMNS = {
    Metric.REQUESTS: F("requests"),
    Metric.TOKENS: F("input_tokens") + F("output_tokens"),
    Metric.INPUT_TOKENS: F("input_tokens"),
    Metric.OUTPUT_TOKENS: F("output_tokens"),
    Metric.USD: F("nanodollars"),
    Metric.AUDIO_SECONDS: F("audio_ms"),
    Metric.IMAGES: F("images"),
}
Place = tuple[int, str]  # a limit's id and a share


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareUse:
    """``amount`` and ``used`` are in the units of :mod:`limits.quantities`; ``used`` is None where
    it is not known. Times are in seconds since the epoch: ``resets_at`` is when a period ends or a
    bucket is full again, ``runs_out_at`` a forecast.
    """

    share: str
    amount: int
    used: int | None
    resets_at: float | None = None
    runs_out_at: float | None = None

    @property
    def left(self) -> int | None:
        return None if self.used is None else max(self.amount - self.used, 0)

    @property
    def per_cent(self) -> int | None:
        """None where it is not known; 100 of an amount of nothing."""
        if self.used is None:
            return None
        return self.used * 100 // self.amount if self.amount else 100


def most_used(limits: Iterable[Limit]) -> dict[int, ShareUse]:
    """The most used share of each limit, by the limit's id, with one query for all.

    Limits of which no share is known to be used are left out. ``limits`` have their changes
    prefetched.
    """
    at, rows = time.time(), list(limits)
    stored = _stored(rows, at, most=1)
    shares = dict(stored.keys())
    places = [(row, share) for row in rows if (share := _first_share(row, shares)) is not None]
    return {
        row.pk: use
        for (row, _), use in zip(places, _uses(places, stored, at), strict=True)
        if use.used is not None
    }


def used_by(limits: Iterable[Limit], user_id: int) -> dict[int, ShareUse]:
    """What ``user_id`` has used of each limit, by the limit's id; of a pool what all have.

    One query; limits of which each key has a share are left out. ``limits`` have their changes
    prefetched.
    """
    at, share = time.time(), share_of_user(user_id)
    places = [
        (row, "" if row.share == Share.POOL else share)
        for row in limits
        if row.share != Share.EACH_KEY
    ]
    stored = _stored([row for row, _ in places], at, most=1, shares=["", share])
    uses = _uses(places, stored, at)
    return {row.pk: use for (row, _), use in zip(places, uses, strict=True)}


def used_now(limit: Limit, shares: Sequence[str] | None = None) -> list[ShareUse]:
    """Each of ``shares``; by default those that were used most, and those of keys used lately."""
    at = time.time()
    stored = _stored([limit], at, most=MOST_SHARES, shares=shares)
    known = shares if shares is not None else _shares_of(limit, stored)
    uses = _uses([(limit, share) for share in known], stored, at)
    return uses if shares is not None else sorted(uses, key=lambda use: -(use.used or 0))


def _uses(
    places: Sequence[tuple[Limit, str]], stored: dict[Place, int], at: float
) -> list[ShareUse]:
    rules = {row.pk: rule_of(row) for row, _ in places}
    asks = [question(Matched.of(rules[row.pk], share), at) for row, share in places]
    uses = []
    for (row, share), ask, reading in zip(places, asks, read_now(asks), strict=True):
        is_period = ask.kind is MeterKind.PERIOD
        used = stored.get((row.pk, share), 0) if is_period else None
        if reading is not None:
            used = reading.used
        uses.append(
            ShareUse(
                share=share,
                amount=ask.amount,
                used=used,
                resets_at=resets_at(rules[row.pk], ask, reading, at),
                runs_out_at=_forecast(row, rules[row.pk], ask, used, at),
            )
        )
    return uses


def _forecast(row: Limit, rule: Rule, ask: Ask, used: int | None, at: float) -> float | None:
    if ask.kind is not MeterKind.PERIOD or used is None:
        return None
    start = float(span_of(rule.window, rule.zone, at).start)
    start = start or row.created_at.timestamp()  # of what is limited in total
    return runs_out_at(used=used, amount=ask.amount, start=start, end=ask.ends_at, now=at)


def _stored(
    rows: Iterable[Limit], at: float, *, most: int, shares: Sequence[str] | None = None
) -> dict[Place, int]:
    """What the database has of the current periods, of the ``most`` used shares of each limit."""
    starts: defaultdict[int, list[int]] = defaultdict(list)
    for rule in map(rule_of, rows):
        if is_of_calendar(rule.window):
            starts[span_of(rule.window, rule.zone, at).start].append(rule.id)
    if not starts:
        return {}
    current = reduce(or_, (Q(start=start, limit__in=ids) for start, ids in starts.items()))
    periods = Period.objects.filter(current)
    if shares is not None:
        periods = periods.filter(share__in=shares)
    ranked = periods.annotate(used=used_column()).annotate(
        rank=Over(RowNumber(), partition_by="limit_id", order_by=("-used", "share"))
    )
    found = ranked.filter(rank__lte=max(most, len(shares or ())))
    return {
        (limit, share): used
        for limit, share, used in found.order_by("-used").values_list("limit_id", "share", "used")
    }


def used_column() -> Expression:
    """The column that a limit's metric is counted in."""
    return Case(*(When(limit__metric=metric, then=column) for metric, column in COLUMNS.items()))


def _first_share(row: Limit, stored: dict[int, str]) -> str | None:
    if row.share == Share.POOL:
        return ""
    return stored.get(row.pk) or _only_share(row)


def _only_share(row: Limit) -> str | None:
    """The share of a limit that is for one user or one key, and so has no other."""
    match (SubjectKind(row.subject_kind), Share(row.share)):
        case (SubjectKind.USER, Share.EACH_USER) if row.user_id is not None:
            return share_of_user(row.user_id)
        case (SubjectKind.KEY, Share.EACH_KEY) if row.key_id is not None:
            return share_of_key(row.key_id)
        case _:
            return None


def _shares_of(limit: Limit, stored: dict[Place, int]) -> list[str]:
    if limit.share == Share.POOL:
        return [""]
    used = [share for _, share in stored]
    return list(dict.fromkeys([*used, *_lately_used(limit)]))[:MOST_SHARES]


def _lately_used(limit: Limit) -> Iterable[str]:
    """The shares of the keys that were used last, among those that ``limit`` is for."""
    keys = ApiKey.objects.filter(last_used_at__isnull=False).order_by("-last_used_at")
    match SubjectKind(limit.subject_kind):
        case SubjectKind.GROUP:
            keys = keys.filter(user__groups=limit.group_id)
        case SubjectKind.USER:
            keys = keys.filter(user=limit.user_id)
        case SubjectKind.KEY:
            keys = keys.filter(pk=limit.key_id)
    for key in keys[:MOST_SHARES]:
        is_user = limit.share == Share.EACH_USER
        yield share_of_user(key.user_id) if is_user else share_of_key(key.pk)

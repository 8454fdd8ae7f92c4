"""The rules from the database, read in two queries."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from limits.book import Book
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
from limits.counting.used import per_token
from limits.models import Limit, LimitChange
from limits.quantities import units
from limits.rule import Rule, raises_of
from limits.windows import zone_of

logger = logging.getLogger(__name__)


def load_book() -> Book:
    """The enabled limits. Blocks on the database; call it from a thread."""
    at = datetime.fromtimestamp(time.time(), UTC)
    changes = Prefetch("changes", LimitChange.objects.filter(until__gt=at))
    rows = Limit.objects.filter(is_enabled=True).order_by("pk").prefetch_related(changes)
    return Book(rule_of(row) for row in rows)


def rule_of(row: Limit) -> Rule:
    """The rule of ``row`` and of its raises, as far as they are prefetched, the latest first."""
    metric, mode = Metric(row.metric), Mode(row.mode)
    return Rule(
        id=row.pk,
        label=row.label,
        subject_kind=SubjectKind(row.subject_kind),
        subject_id=_subject_id(row),
        share=Share(row.share),
        models=tuple(row.model_patterns),
        endpoints=tuple(row.endpoints),
        metric=metric,
        amount=units(metric, row.amount),
        window=Window(row.window),
        zone=_zone(row),
        mode=mode,
        on_outage=outage_of(OnOutage(row.on_outage), metric, mode, SubjectKind(row.subject_kind)),
        unpriced=Unpriced(row.unpriced),
        assumed_nanodollars_per_token=per_token(row.assumed_per_million),
        wait_seconds=row.wait_seconds,
        clamps=row.clamps,
        raises=raises_of(row),
    )


def outage_of(
    on_outage: OnOutage, metric: Metric, mode: Mode, kind: SubjectKind = SubjectKind.EVERYONE
) -> OnOutage:
    """What holds without Redis where the limit says nothing: money that is enforced is refused.

    The limits of a connection only say how it is used, which no outage ends.
    """
    if on_outage is not OnOutage.DEFAULT:
        return on_outage
    is_closed = metric is Metric.USD and mode is Mode.ENFORCE and kind not in OF_UPSTREAMS
    return OnOutage.CLOSED if is_closed else OnOutage.LOCAL


def _subject_id(row: Limit) -> str:
    match SubjectKind(row.subject_kind):
        case SubjectKind.EVERYONE:
            return ""
        case SubjectKind.KEY:
            return "" if row.key_id is None else row.key_id.hex
        case kind:
            return str(getattr(row, f"{kind.value}_id"))


def _zone(row: Limit) -> ZoneInfo:
    """The zone of ``row``; the gateway's own where it names none, or none that is known here."""
    zone = zone_of(row.time_zone)
    if row.time_zone and zone.key != row.time_zone:
        logger.error(
            "The time zone %s of the limit %s is not known here: its days begin in %s.",
            row.time_zone,
            row.label,
            zone.key,
        )
    return zone

"""What is used of a limit, as a bar."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple

from limits.choices import Metric
from limits.configuration.descriptions import figure
from limits.loading import rule_of
from limits.models import Limit
from limits.reading.forecast import in_words
from limits.reading.usage_now import ShareUse

FULL, NEARLY = 100, 80  # per cents, from which a bar has another colour


class Bar(NamedTuple):
    """``width`` is in per cent, at most 100. Empty texts where a thing is not known."""

    name: str
    text: str
    width: int
    colour: str
    resets_at: datetime | None
    forecast: str


def bar_of(limit: Limit, use: ShareUse, name: str = "") -> Bar:
    metric, per_cent = Metric(limit.metric), use.per_cent
    of = figure(metric, use.amount)
    colour = ""
    if per_cent is not None:
        colour = "danger" if per_cent >= FULL else "warning" if per_cent >= NEARLY else ""
    forecast = ""
    if use.runs_out_at is not None:
        forecast = in_words(use.runs_out_at, now=time.time(), zone=rule_of(limit).zone)
    return Bar(
        name=name,
        text=f"not known, of {of}"
        if use.used is None
        else f"{figure(metric, use.used)} of {of} ({per_cent} %)",
        width=min(per_cent or 0, FULL),
        colour=colour,
        resets_at=datetime.fromtimestamp(use.resets_at, UTC) if use.resets_at else None,
        forecast=forecast,
    )

"""Requests by their outcome, step by step, with the line of p95."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from gateway_project.overview.period import DAY, Period
from gateway_project.overview.traffic import Sums, Traffic
from infrastructure.moments import span
from usage.charts import Column, Stacked, stacked

PARTS = ("ok", "left", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A step as the table has it."""

    begin: str
    requests: int
    ok: int
    left: int
    failed: int
    p95: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsChart:
    title: str
    each: str
    summary: str
    slowest: str
    drawn: Stacked
    rows: tuple[Row, ...]


def requests_chart(traffic: Traffic, period: Period) -> RequestsChart:
    rows = tuple(_row(period, n, sums) for n, sums in enumerate(traffic.steps))
    drawn = stacked(
        [_column(row, sums) for row, sums in zip(rows, traffic.steps, strict=True)], PARTS
    )
    total = traffic.total
    return RequestsChart(
        title=f"Requests per {period.choice.each}",
        each=period.choice.each,
        summary=f"{total.ok:,} answered, {total.left:,} left, {total.failures:,} failed; "
        f"p95 {span(total.p95_ms)}",
        slowest=span(round(drawn.most_of_line)),
        drawn=drawn,
        rows=rows,
    )


def _row(period: Period, number: int, sums: Sums) -> Row:
    begin = period.begin(number).astimezone(timezone.get_default_timezone())
    is_day = period.choice.step >= DAY
    return Row(
        begin=f"{begin:%a %d %b}" if is_day else f"{begin:%a %H:%M}",
        requests=sums.requests,
        ok=sums.ok,
        left=sums.left,
        failed=sums.failures,
        p95=span(sums.p95_ms),
    )


def _column(row: Row, sums: Sums) -> Column:
    text = f"{row.ok:,} answered, {row.left:,} left, {row.failed:,} failed, p95 {row.p95}"
    return Column(
        label=row.begin, text=text, values=(row.ok, row.left, row.failed), line=sums.p95_ms
    )

"""The five figures at the head: each with its course, its change, and the list that it counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway_project.overview.period import Period
from gateway_project.overview.traffic import Sums, Traffic
from infrastructure.moments import span
from usage.admin.charts import dollars
from usage.admin.filters import records_since
from usage.charts import Bar, sparkline
from usage.explorer.asked import State

NOTHING = "–"
MANY = 900  # per cent, from which on they say less than how many times it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """``is_bad`` figures are drawn in red. ``more`` is a second number with its own list."""

    title: str
    value: str
    detail: str
    change: str
    address: str
    bars: tuple[Bar, ...]
    is_bad: bool = False
    more: str = ""
    more_address: str = ""


def figures_of(traffic: Traffic, period: Period) -> tuple[Figure, ...]:
    return tuple(make(traffic, period) for make in (_requests, _errors, _latency, _tokens, _cost))


def _requests(traffic: Traffic, period: Period) -> Figure:
    total, before = traffic.total, traffic.before
    return Figure(
        title="Requests",
        value=short(total.requests),
        detail=f"{short(total.ok)} answered",
        change=change(total.requests, before.requests, _behind(period)),
        address=records_since(period.since),
        bars=_course(traffic, lambda step: step.requests),
    )


def _errors(traffic: Traffic, period: Period) -> Figure:
    total, before = traffic.total, traffic.before
    return Figure(
        title="Errors",
        value=per_cent(total.failure_rate),
        detail=f"{short(total.failures)} failed",
        change=_points(total.failure_rate, before.failure_rate, _behind(period)),
        address=records_since(period.since, state=State.FAILED),
        bars=_course(traffic, lambda step: step.failures),
        is_bad=total.failures > 0,
        more=f"{short(total.left)} client{'' if total.left == 1 else 's'} left",
        more_address=records_since(period.since, state=State.LEFT),
    )


def _latency(traffic: Traffic, period: Period) -> Figure:
    total, before = traffic.total, traffic.before
    return Figure(
        title="p95 latency",
        value=span(total.p95_ms),
        detail=f"first token {span(total.first_byte_p95_ms)}",
        change=change(total.p95_ms or 0, before.p95_ms or 0, _behind(period)),
        address=records_since(period.since),
        bars=_course(traffic, lambda step: step.p95_ms or 0),
    )


def _tokens(traffic: Traffic, period: Period) -> Figure:
    total, before = traffic.total, traffic.before
    told = [short(total.of(name)) for name in ("prompt_tokens", "completion_tokens")]
    return Figure(
        title="Tokens",
        value=short(total.tokens),
        detail=f"{told[0]} in, {told[1]} out",
        change=change(total.tokens, before.tokens, _behind(period)),
        address=records_since(period.since),
        bars=_course(traffic, lambda step: step.tokens),
    )


def _cost(traffic: Traffic, period: Period) -> Figure:
    total, before = traffic.total, traffic.before
    unpriced = total.of("unpriced")
    return Figure(
        title="Cost",
        value="unknown" if unpriced and not total.cost else dollars(float(total.cost)),
        detail="" if unpriced else "every request is priced",
        change=change(float(total.cost), float(before.cost), _behind(period)),
        address=records_since(period.since),
        bars=_course(traffic, lambda step: float(step.cost)),
        more=f"{short(unpriced)} without a price" if unpriced else "",
        more_address=records_since(period.since, state=State.UNPRICED),
    )


def _behind(period: Period) -> str:
    return f"than in the {period.choice.words} before"


def _course(traffic: Traffic, value_of: Callable[[Sums], float]) -> tuple[Bar, ...]:
    return sparkline([value_of(step) for step in traffic.steps])


def short(number: float) -> str:
    """``717``, ``9,214``, ``445 k`` or ``12.3 M``."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            scaled = number / (1e3 if unit == "k" else size)
            return f"{scaled:,.0f} {unit}" if scaled >= 100 else f"{scaled:.1f} {unit}"
    return f"{number:,.0f}"


def per_cent(rate: float | None) -> str:
    return NOTHING if rate is None else f"{rate * 100:.1f} %"


def change(now: float, before: float, behind: str) -> str:
    """``12 % more than …``; empty where there was nothing before."""
    if not before:
        return ""
    part = (now - before) / before * 100
    if part >= MANY:
        return f"{now / before:,.0f} times {behind.removeprefix('than in ')}"
    if abs(part) < 0.5:
        return f"about as {behind.removeprefix('than ')}"
    return f"{abs(part):,.0f} % {'more' if part > 0 else 'less'} {behind}"


def _points(now: float | None, before: float | None, behind: str) -> str:
    if now is None or before is None:
        return ""
    points = (now - before) * 100
    if abs(points) < 0.05:
        return f"about as {behind.removeprefix('than ')}"
    return f"{abs(points):.1f} points {'more' if points > 0 else 'less'} {behind}"

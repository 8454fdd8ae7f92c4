"""Each connection with its state, its models, and its last 24 hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from connections.health import ConnectionState, Kind
from gateway_project.overview.addresses import page_of
from gateway_project.overview.figures import per_cent
from gateway_project.overview.states import Stated
from gateway_project.overview.traffic import HOURS, Sums, Traffic, total_of
from infrastructure.moments import Moment, span
from usage.admin.filters import records_since
from usage.explorer.asked import State
from usage.hours import HOUR

MOST = 20
GOOD, SOME, BAD, QUIET = "bg-green-500", "bg-orange-500", "bg-red-500", ""
FEW_FAILURES, MANY_FAILURES = 0.02, 0.2
NO_TRAFFIC = Sums()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``cells`` are as the theme's tracker has them; ``course`` says the same in a sentence."""

    name: str
    url: str
    state: str
    tone: str
    since: Moment | None
    models: str
    cells: list[dict[str, str]]
    course: str
    requests: str
    records: str
    failure_rate: str
    failures: str
    p95: str


def connection_rows(
    connections: Sequence[Stated], traffic: Traffic | None, viewer: Any
) -> tuple[Row, ...]:
    """Those that want a person first. Without ``traffic`` there are no figures."""
    states = [stated.state for stated in connections]
    ranked = sorted(states, key=lambda state: (not state.wants_a_person, not _is_on(state)))
    return tuple(_row(state, traffic, viewer) for state in ranked[:MOST])


def _is_on(state: ConnectionState) -> bool:
    return state.kind is not Kind.DISABLED


def _row(state: ConnectionState, traffic: Traffic | None, viewer: Any) -> Row:
    hours = _hours(state, traffic)
    total = total_of(hours)
    since = traffic.first_hour if traffic else state.now
    return Row(
        name=state.name,
        url=page_of("connections", "connection", state.connection_id, viewer),
        state=state.label,
        tone=_tone(state),
        since=Moment.of(state.since, now=state.now) if state.since else None,
        models=f"{state.model_count:,}{' stale' if state.is_stale else ''}",
        cells=_cells(hours, traffic),
        course=_course(hours),
        requests=f"{total.requests:,}",
        records=records_since(since, connection=state.name),
        failure_rate=per_cent(total.failure_rate),
        failures=records_since(since, connection=state.name, state=State.FAILED),
        p95=span(total.p95_ms),
    )


def _hours(state: ConnectionState, traffic: Traffic | None) -> tuple[Sums, ...]:
    found = traffic.hours.get(state.name) if traffic else None
    return found or (NO_TRAFFIC,) * HOURS


def _tone(state: ConnectionState) -> str:
    if state.wants_a_person:
        return "danger"
    match state.kind:
        case Kind.WORKS:
            return "success"
        case Kind.RATE_LIMITED:
            return "warning"
    return "quiet"


def _cells(hours: tuple[Sums, ...], traffic: Traffic | None) -> list[dict[str, str]]:
    if traffic is None:
        return []
    zone = timezone.get_default_timezone()
    begins = [(traffic.first_hour + HOUR * n).astimezone(zone) for n in range(HOURS)]
    return [
        {
            "color": _colour(sums),
            "tooltip": f"{begin:%H:%M}: {sums.requests:,} requests, {sums.failures:,} failed",
        }
        for begin, sums in zip(begins, hours, strict=True)
    ]


def _colour(sums: Sums) -> str:
    rate = sums.failure_rate
    if rate is None:
        return QUIET
    if rate >= MANY_FAILURES:
        return BAD
    return SOME if rate >= FEW_FAILURES else GOOD


def _course(hours: tuple[Sums, ...]) -> str:
    used = sum(bool(sums.requests) for sums in hours)
    with_failures = sum(bool(sums.failures) for sums in hours)
    return f"Requests in {used} of the last {HOURS} hours, failures in {with_failures}."

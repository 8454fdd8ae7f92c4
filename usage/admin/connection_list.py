"""The figures in the list of connections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from connections.admin.from_above import ConnectionFigures, HourOfTraffic, figures_asked
from usage.admin.filters import records_since
from usage.connection_figures import DayOfConnection, days_of_connections, hours_until
from usage.explorer.asked import State


@receiver(figures_asked)
def tell_figures(
    sender: Any, *, names: Sequence[str], **kwargs: Any
) -> dict[str, ConnectionFigures]:
    now = datetime.now(UTC)
    hours = hours_until(now)
    days = days_of_connections(now=now, names=names)
    return {name: _figures(name, day, hours) for name, day in days.items()}


def _figures(name: str, day: DayOfConnection, hours: Sequence[datetime]) -> ConnectionFigures:
    return ConnectionFigures(
        hours=[_hour(hour, *day.by_hour.get(hour, (0, 0))) for hour in hours],
        requests=day.requests,
        failed=day.failed,
        p95_ms=day.p95_ms,
        requests_url=records_since(hours[0], connection=name),
        failed_url=records_since(hours[0], connection=name, state=State.FAILED),
    )


def _hour(hour: datetime, requests: int, failed: int) -> HourOfTraffic:
    local = hour.astimezone(timezone.get_default_timezone())
    return HourOfTraffic(label=f"{local:%H:%M}", requests=requests, failed=failed)

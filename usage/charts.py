"""Figures by day as bars, laid out for an SVG: nothing has to be drawn by a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from usage.periods import local_day, midnight
from usage.reports import By, Line, report

WIDTH, HEIGHT = 720, 120
GAP = 0.2  # of a day's width
SHORTEST_BAR = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day. Lengths are in the units of ``WIDTH`` and ``HEIGHT``."""

    label: str
    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """``total`` is over all bars, ``most`` what the highest stands for."""

    title: str
    total: str
    most: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The last ``days`` days, today among them, in ``GATEWAY_TIME_ZONE``."""

    since: datetime
    until: datetime
    days: int

    @classmethod
    def of_last(cls, days: int, *, now: datetime) -> Period:
        following = local_day(now) + timedelta(days=1)
        since = midnight(following - timedelta(days=days))  # a day need not have 24 hours
        return cls(since=since, until=midnight(following), days=days)

    def by_day(self) -> tuple[Line, ...]:
        """A line for each day, also for those without a request."""
        found = {line.group: line for line in report(By.DAY, since=self.since, until=self.until)}
        first = local_day(self.since)
        names = [(first + timedelta(days=n)).isoformat() for n in range(self.days)]
        return tuple(found.get(name) or Line(group=name) for name in names)

    def top(self, by: By, most: int) -> tuple[Line, ...]:
        """The lines with the highest cost, or with the most requests where nothing has a price."""
        return report(by, since=self.since, until=self.until)[:most]


def chart(
    title: str,
    lines: Sequence[Line],
    value_of: Callable[[Line], float],
    text_of: Callable[[float], str],
) -> Chart:
    values = [value_of(line) for line in lines]
    most = max(values, default=0)
    step = WIDTH / max(len(values), 1)
    bars = []
    for number, (line, value) in enumerate(zip(lines, values, strict=True)):
        height = max(value / most * HEIGHT, SHORTEST_BAR) if value else 0.0
        bars.append(
            Bar(
                label=line.group,
                text=text_of(value),
                x=round((number + GAP / 2) * step, 2),
                y=round(HEIGHT - height, 2),
                width=round(step * (1 - GAP), 2),
                height=round(height, 2),
            )
        )
    return Chart(title=title, total=text_of(sum(values)), most=text_of(most), bars=tuple(bars))

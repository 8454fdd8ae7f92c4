"""Figures as bars and lines, laid out for an SVG: nothing has to be drawn by a script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from usage.periods import local_day, midnight
from usage.reports import By, Line, days_of_model, reports

WIDTH, HEIGHT = 720, 120
SMALL_WIDTH, SMALL_HEIGHT = 160, 24
GAP = 0.2  # of a day's width
SHORTEST_BAR = 2.0
HEADROOM = 0.92  # of the height, that a line may take


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
class Column:
    """What one stack shows, from the bottom up. ``line`` is on a scale of its own, or None."""

    label: str
    text: str
    values: tuple[int, ...]
    line: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a stack; ``kind`` names what it stands for."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    label: str
    text: str
    x: float
    width: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacked:
    """``lines`` are the points of the pieces of the line, which breaks where nothing is known.

    ``most`` is what the highest stack stands for, ``most_of_line`` the highest point of the line.
    """

    stacks: tuple[Stack, ...]
    lines: tuple[str, ...]
    most: int
    most_of_line: float


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

    def days_of_model(self, model: str) -> tuple[Line, ...]:
        """A line for each day, also for those without a request for ``model``."""
        return self._each_day(days_of_model(model, since=self.since, until=self.until))

    def by_day_and(
        self, wanted: Iterable[By], figures: Sequence[str]
    ) -> tuple[tuple[Line, ...], dict[By, tuple[Line, ...]]]:
        """A line for each day, also for those without a request; and the reports that are wanted,
        where the highest cost comes first, or the most requests where nothing has a price. Other
        figures than ``figures`` are zero in all of them."""
        found = reports((By.DAY, *wanted), since=self.since, until=self.until, figures=figures)
        return self._each_day(found.pop(By.DAY)), found

    def _each_day(self, lines: Iterable[Line]) -> tuple[Line, ...]:
        found = {line.group: line for line in lines}
        first = local_day(self.since)
        names = [(first + timedelta(days=n)).isoformat() for n in range(self.days)]
        return tuple(found.get(name) or Line(group=name) for name in names)


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


def sparkline(values: Sequence[float]) -> tuple[Bar, ...]:
    """Bars without words, in the units of ``SMALL_WIDTH`` and ``SMALL_HEIGHT``."""
    most = max(values, default=0)
    step = SMALL_WIDTH / max(len(values), 1)
    heights = [max(value / most * SMALL_HEIGHT, 1) if value else 0 for value in values]
    return tuple(
        Bar(
            label="",
            text="",
            x=round(number * step, 2),
            y=round(SMALL_HEIGHT - height, 2),
            width=round(step * (1 - GAP), 2),
            height=round(height, 2),
        )
        for number, height in enumerate(heights)
    )


def stacked(columns: Sequence[Column], kinds: Sequence[str]) -> Stacked:
    """Columns side by side; ``kinds`` name their values."""
    most = max((sum(column.values) for column in columns), default=0)
    most_of_line = max((column.line or 0 for column in columns), default=0)
    step = WIDTH / max(len(columns), 1)
    return Stacked(
        stacks=tuple(
            Stack(
                label=column.label,
                text=column.text,
                x=round((number + GAP / 2) * step, 2),
                width=round(step * (1 - GAP), 2),
                parts=_parts(column.values, kinds, most),
            )
            for number, column in enumerate(columns)
        ),
        lines=_lines([column.line for column in columns], most_of_line, step),
        most=most,
        most_of_line=most_of_line,
    )


def _parts(values: Sequence[int], kinds: Sequence[str], most: int) -> tuple[Part, ...]:
    parts, top = [], float(HEIGHT)
    for kind, value in zip(kinds, values, strict=True):
        if value:
            height = max(value / most * HEIGHT, SHORTEST_BAR)
            top = max(top - height, 0.0)
            parts.append(Part(kind=kind, y=round(top, 2), height=round(height, 2)))
    return tuple(parts)


def _lines(values: Sequence[float | None], most: float, step: float) -> tuple[str, ...]:
    lines: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            lines.append([])
            continue
        y = HEIGHT - (value / most if most else 0) * HEIGHT * HEADROOM
        lines[-1].append(f"{(number + 0.5) * step:.2f},{y:.2f}")
    return tuple(" ".join(points) for points in lines if points)

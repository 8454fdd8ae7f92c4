"""The periods of the overview, cut into steps that a chart shows well.

Days and quarters of a day begin by the clock of ``GATEWAY_TIME_ZONE``. Where it is changed, one of
them is an hour shorter or longer than the others.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

from usage.hours import HOUR, hour_of
from usage.periods import local_day, midnight

MINUTES = timedelta(minutes=5)
QUARTER = timedelta(hours=6)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """``step`` is the usual width of a bar, ``steps`` their number, ``each`` the word for one."""

    title: str
    words: str
    step: timedelta
    steps: int
    each: str


CHOICES = {
    "1h": Choice(title="1 h", words="hour", step=MINUTES, steps=12, each="five minutes"),
    "24h": Choice(title="24 h", words="24 hours", step=HOUR, steps=24, each="hour"),
    "7d": Choice(title="7 d", words="7 days", step=QUARTER, steps=28, each="six hours"),
    "30d": Choice(title="30 d", words="30 days", step=DAY, steps=30, each="day"),
}
USUAL = "24h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From ``since`` to ``until``, which is the end of the step that now is in.

    ``begins`` are those of the steps, in UTC and in their order.
    """

    name: str
    choice: Choice
    begins: tuple[datetime, ...]
    until: datetime

    @classmethod
    def of(cls, name: str, *, now: datetime) -> Period:
        """The period with this name, or the usual one."""
        known = name if name in CHOICES else USUAL
        choice = CHOICES[known]
        *begins, until = _borders(now, choice.step, choice.steps)
        return cls(name=known, choice=choice, begins=tuple(begins), until=until)

    @property
    def since(self) -> datetime:
        return self.begins[0]

    @property
    def before(self) -> datetime:
        """The begin of the period before, which is as long."""
        return self.since - (self.until - self.since)

    @property
    def is_of_rows(self) -> bool:
        """Whether the totals of hours are too coarse for it."""
        return self.choice.step < HOUR

    def place(self, moment: datetime) -> int:
        """The step of ``moment``; -1 for the period before."""
        return bisect_right(self.begins, moment) - 1

    def begin(self, place: int) -> datetime:
        return self.begins[place]


def _borders(now: datetime, step: timedelta, steps: int) -> list[datetime]:
    """The begins of the last ``steps`` steps and the end of the last one, which ``now`` is in."""
    if step == DAY:
        following = local_day(now) + DAY
        return [midnight(following - number * DAY) for number in range(steps, -1, -1)]
    if step <= HOUR:
        hour = hour_of(now).astimezone(UTC)
        until = hour + ((now - hour) // step + 1) * step
        return [until - number * step for number in range(steps, -1, -1)]
    return _borders_by_the_clock(now, step, steps)


def _borders_by_the_clock(now: datetime, step: timedelta, steps: int) -> list[datetime]:
    zone = timezone.get_default_timezone()
    local = now.astimezone(zone).replace(tzinfo=None)
    day = datetime.combine(local, time())
    until = day + ((local - day) // step + 1) * step
    clock = [until - number * step for number in range(steps, -1, -1)]
    return [moment.replace(tzinfo=zone).astimezone(UTC) for moment in clock]

"""One line of state: the version, since when, how many workers, and the stores behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from gateway_project.process_start import STARTED_AT
from gateway_project.version import VERSION
from infrastructure.moments import Moment, length
from limits.checks import workers


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine:
    """``began`` is when the worker that answers began; a worker that crashed is younger."""

    version: str
    began: Moment
    up: str
    workers: str
    database: str
    redis: str
    zone: str


def state_line(*, now: datetime) -> StateLine:
    number = workers()
    began = Moment.of(STARTED_AT, now=now)
    return StateLine(
        version=VERSION,
        began=began,
        up=length(began.seconds),
        workers="1 worker" if number == 1 else f"{number} workers",
        database=str(connection.display_name),
        redis="Redis" if settings.REDIS_URL else "no Redis",
        zone=settings.TIME_ZONE,
    )

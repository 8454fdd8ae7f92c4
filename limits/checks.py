"""System checks of limits. They need the database: ``check --database default``, and ``serve``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from limits.models import Limit

WORKERS_VARIABLE = "WEB_CONCURRENCY"  # of many servers; `serve` sets it for its processes
MOST_NAMED = 3


def workers() -> int:
    """How many processes serve here, as far as this one was told."""
    told = os.environ.get(WORKERS_VARIABLE, "")
    return int(told) if told.isdecimal() else 1


def counts_apart(number: int) -> bool:
    """Whether ``number`` processes would each count for itself what they let through."""
    return number > 1 and not settings.REDIS_URL


@register(Tags.database)
def check_limits(*, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    if not databases:
        return []
    try:
        zones = dict(Limit.objects.filter(is_enabled=True).values_list("label", "time_zone"))
    except DatabaseError:  # before the first migration
        return []
    return [*_processes(zones), *_unknown_zones(zones)]


def _processes(zones: dict[str, str]) -> Iterator[CheckMessage]:
    if zones and counts_apart(workers()):
        yield Error(
            f"There are limits, and {workers()} workers that share no Redis to count in: each "
            "would have a part of each amount, also where the others use nothing of theirs.",
            hint="Set REDIS_URL, or serve with --workers 1.",
            id="limits.E001",
        )


def _unknown_zones(zones: dict[str, str]) -> Iterator[CheckMessage]:
    wrong = {label: zone for label, zone in zones.items() if zone}
    if not wrong:
        return
    known = available_timezones()
    named = [f"{label} ({zone})" for label, zone in sorted(wrong.items()) if zone not in known]
    if named:
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        yield Error(
            f"The time zone is not known here of {', '.join(named[:MOST_NAMED])}{more}.",
            hint="Give these limits another time zone, or install the tzdata package.",
            id="limits.E002",
        )

"""Settings that take protection away, as the doctor tells of them."""

from __future__ import annotations

import time
from functools import lru_cache

from django.conf import settings

from gateway_project.doctor.finding import State
from gateway_project.doctor.settings import settings_findings, switch_findings

MOST = 3
KEPT_SECONDS = 300
# As they are meant to be where somebody tries the gateway out.
OF_LOCAL_RUNS = ("DEBUG", "GATEWAY_HTTPS")


def unsafe_settings(*, bypasses: bool) -> list[str]:
    """A sentence or two for each of the first few; no query."""
    switches = [
        finding.said
        for finding in switch_findings(bypasses=bypasses)
        if finding.state is not State.OK and not (_is_local() and _is_of_local_runs(finding.said))
    ]
    return [*switches, *_checked(int(time.monotonic() // KEPT_SECONDS))][:MOST]


@lru_cache(maxsize=1)
def _checked(_now: int) -> tuple[str, ...]:
    """The checks look at files and take a tenth of a second."""
    found = settings_findings(with_database=False)
    return tuple(
        f"{finding.said}. {finding.remedy}" for finding in found if finding.state is not State.OK
    )


def _is_local() -> bool:
    return bool(settings.DEBUG and settings.DATABASE_IS_SQLITE)


def _is_of_local_runs(said: str) -> bool:
    return said.startswith(OF_LOCAL_RUNS)

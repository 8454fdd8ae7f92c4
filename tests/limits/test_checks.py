from __future__ import annotations

import pytest
from django.core.checks import CheckMessage

from limits.checks import WORKERS_VARIABLE, check_limits
from limits.models import Limit
from tests.limits.builders import make_limit

pytestmark = pytest.mark.django_db


def found() -> list[CheckMessage]:
    return check_limits(databases=["default"])


@pytest.mark.parametrize(
    ("workers", "redis_url", "is_enabled", "ids"),
    [
        ("4", "", True, ["limits.E001"]),
        ("4", "redis://127.0.0.1:6379/0", True, []),
        ("4", "", False, []),
        ("1", "", True, []),
        ("", "", True, []),
        ("many", "", True, []),
    ],
)
def test_several_workers_count_in_redis_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
    settings,
    workers: str,
    redis_url: str,
    is_enabled: bool,
    ids: list[str],
) -> None:
    monkeypatch.setenv(WORKERS_VARIABLE, workers)
    settings.REDIS_URL = redis_url
    make_limit(is_enabled=is_enabled)
    assert [message.id for message in found()] == ids


def test_several_workers_are_fine_without_limits(monkeypatch, settings) -> None:
    monkeypatch.setenv(WORKERS_VARIABLE, "4")
    settings.REDIS_URL = ""
    assert found() == []


def test_time_zones_that_this_machine_lacks_are_named() -> None:
    for number in range(5):
        make_limit(f"l{number}", time_zone="Europe/Berlin")
    assert found() == []
    Limit.objects.exclude(label="l0").update(time_zone="Mars/Olympus")
    [message] = found()
    assert message.id == "limits.E002"
    assert "l1 (Mars/Olympus), l2 (Mars/Olympus), l3 (Mars/Olympus) and 1 more" in message.msg


def test_no_database_is_asked_without_leave() -> None:
    make_limit(time_zone="")
    Limit.objects.update(time_zone="Mars/Olympus")
    assert check_limits() == []

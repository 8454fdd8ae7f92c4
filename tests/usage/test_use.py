"""What lists of keys and users sum up."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from tests.usage.records import a_record
from usage.hours import hour_of
from usage.storing import store
from usage.use import DAYS, use_of_keys, use_since

KEY = UUID(int=7)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Asia/Kathmandu"])
def test_it_begins_at_a_full_hour_of_the_gateways_zone(settings, zone: str) -> None:
    settings.TIME_ZONE = zone
    begin = use_since()
    assert begin == hour_of(begin)


@pytest.mark.django_db
@pytest.mark.parametrize("minute", [10, 40])
def test_the_first_hour_counts_whole_in_a_zone_of_half_hours(
    settings, monkeypatch: pytest.MonkeyPatch, minute: int
) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"
    now = timezone.now().replace(minute=minute, second=0, microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: now)
    at: datetime = hour_of(now) - timedelta(days=DAYS) + timedelta(minutes=5)
    store([a_record(user_id=1, key_id=KEY, accepted_at=at.timestamp())])
    assert use_of_keys([(KEY, 1)])[KEY].requests == 1

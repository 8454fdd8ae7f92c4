"""The address of the records behind a figure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from usage.periods import midnight


def records_since(since: datetime, **fields: Any) -> str:
    """The address of the list of the records with these ``fields`` from ``since`` on."""
    asked = {"since": since.isoformat(timespec="seconds")} | fields
    return f"{reverse('admin:usage_usagerow_changelist')}?{urlencode(asked)}"


def records_of_day(day: date, **fields: Any) -> str:
    """The address of the list of the records with these ``fields`` that came on ``day``."""
    end = midnight(day + timedelta(days=1)).isoformat(timespec="seconds")
    return records_since(midnight(day), until=end, **fields)

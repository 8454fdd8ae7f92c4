"""The address of the records behind a figure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse


def records_since(since: datetime, **fields: Any) -> str:
    """The address of the list of the records with these ``fields`` from ``since`` on."""
    asked = {"since": since.isoformat(timespec="seconds")} | fields
    return f"{reverse('admin:usage_usagerow_changelist')}?{urlencode(asked)}"

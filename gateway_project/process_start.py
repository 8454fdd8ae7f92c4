"""When this process began, as near as a module can tell: Django loads it while it starts."""

from __future__ import annotations

from datetime import UTC, datetime

STARTED_AT = datetime.now(UTC)

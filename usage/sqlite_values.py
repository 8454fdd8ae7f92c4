"""Values as Django writes them into SQLite, which has neither UUIDs nor dates nor decimals.

A field's ``get_db_prep_save`` says the same, and takes a third of what a record costs.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

UTC_OFFSET = len("+00:00")


def key_text(key_id: UUID) -> str:
    return key_id.hex


def moment_text(moment: datetime) -> str:
    """``moment`` must be in UTC."""
    return str(moment)[:-UTC_OFFSET]


def cost_text(cost: Decimal | None) -> str | None:
    return None if cost is None else str(cost)

"""The usage rows of a live gateway, as the database has them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.support.live import LiveGateway
from tests.support.processes import wait_until

SELECT = "SELECT * FROM usage_usagerow ORDER BY request_id"


def rows_of(gateway: LiveGateway) -> list[dict[str, Any]]:
    url = gateway.environment.get("DATABASE_URL", "")
    if url:
        with psycopg.connect(url, row_factory=dict_row) as connection:
            return connection.execute(SELECT).fetchall()
    connection = sqlite3.connect(Path(gateway.environment["DATA_DIR"]) / "gatehouse.db", timeout=10)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(SELECT)]
    finally:
        connection.close()


def row_of(gateway: LiveGateway, request_id: str) -> dict[str, Any]:
    """The row of one request, once it is there."""
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        found[:] = [row for row in rows_of(gateway) if row["request_id"] == request_id]
        return bool(found)

    wait_until(is_there, what=f"the row of {request_id}")
    (row,) = found
    return row

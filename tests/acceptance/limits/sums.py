"""What the ledger, the periods and the meters say of the same requests, in whole units."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from limits.choices import Metric, Unpriced
from limits.counting.used import per_token
from limits.marks import Mark, read_mark
from limits.meters.interface import Ask, MeterKind
from limits.quantities import Quantities, nanodollars, units
from tests.acceptance.limits.site import Site
from tests.limits.redis_store import running
from tests.support.api import client_of
from tests.support.live import LiveGateway
from tests.support.processes import PATIENCE_SECONDS
from tests.usage.rows import rows_of

FAILED = 400
COLUMNS = ("requests", "input_tokens", "output_tokens", "nanodollars", "audio_ms", "images")
Sums = dict[Mark, Quantities]
Limits = dict[int, dict[str, Any]]


def table(gateway: LiveGateway, name: str) -> list[dict[str, Any]]:
    """All rows of a table of the gateway."""
    select = f"SELECT * FROM {name}"
    url = gateway.environment.get("DATABASE_URL", "")
    if url:
        with psycopg.connect(url, row_factory=dict_row) as connection:
            return connection.execute(select).fetchall()
    path = Path(gateway.environment["DATA_DIR"]) / "gatehouse.db"
    connection = sqlite3.connect(path, timeout=10)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(select)]
    finally:
        connection.close()


def limits_of(site: Site) -> Limits:
    return {row["id"]: row for row in table(site.first, "limits_limit")}


def ledger_sums(site: Site) -> Sums:
    """What the rows of each period add up to, by the marks that they bear."""
    limits, sums = limits_of(site), dict[Mark, Quantities]()
    for row in rows_of(site.first):
        for mark in _marks(row):
            if mark.limit_id not in limits:
                continue  # of another test, which has deleted it
            sums[mark] = _plus(sums.get(mark, Quantities()), _used(row, limits[mark.limit_id]))
    return sums


def period_sums(site: Site) -> Sums:
    return {
        Mark(row["limit_id"], row["share"], row["start"]): Quantities(
            *(row[name] for name in COLUMNS)
        )
        for row in table(site.first, "limits_period")
    }


def amounts(site: Site, sums: Sums) -> dict[Mark, int]:
    """``sums`` in the metric of each limit."""
    limits = limits_of(site)
    return {mark: used.of(Metric(limits[mark.limit_id]["metric"])) for mark, used in sums.items()}


async def meter_amounts(site: Site, marks: list[Mark]) -> dict[Mark, int]:
    """What the meters in Redis count as used, reservations included."""
    limits = limits_of(site)
    ends = {
        Mark(row["limit_id"], row["share"], row["start"]): float(row["end"])
        for row in table(site.first, "limits_period")
    }
    asks = [
        Ask(f"{mark}:{limits[mark.limit_id]['metric']}", MeterKind.PERIOD, 1, 0, 0, 0, ends[mark])
        for mark in marks
    ]
    async with running(site.redis_url) as meters:
        readings = await meters.read(asks)
    return {
        mark: reading.used
        for mark, reading in zip(marks, readings, strict=True)
        if reading is not None
    }


async def equal_sums(site: Site, keys: Sequence[str], *, knows_all: bool = True) -> None:
    """Wait until all three say the same of every period, and show what differs if they do not.

    Redis has to know all of them where it ``knows_all``: it was never emptied.
    """
    said: list[dict[Mark, Any]] = []

    async def are_equal() -> bool:
        ledger = await asyncio.to_thread(ledger_sums, site)
        said[:] = [ledger, await asyncio.to_thread(period_sums, site)]
        if said[0] != said[1]:
            return False
        told = await meter_sums(site, keys, list(ledger))
        wanted = amounts(site, ledger)
        said[:] = [{mark: wanted[mark] for mark in told}, told]
        if site.redis_url and knows_all and told.keys() != wanted.keys():
            return False
        return bool(told) and said[0] == said[1]

    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await are_equal():  # noqa: ASYNC110 - gateways are asked, and tell nobody
                await asyncio.sleep(0.5)
    except TimeoutError:
        one, other = said
        marks = [mark for mark in one | other if one.get(mark) != other.get(mark)]
        differing = {mark: (one.get(mark), other.get(mark)) for mark in marks}
        raise AssertionError(f"These sums differ: {differing}") from None


async def meter_sums(site: Site, keys: Sequence[str], marks: list[Mark]) -> dict[Mark, int]:
    """What meters count: all of them in Redis; those of one worker as far as it tells of them."""
    if site.redis_url:
        return await meter_amounts(site, marks)
    return await asyncio.to_thread(told_amounts, site, keys, marks)


def told_amounts(site: Site, keys: Sequence[str], marks: list[Mark]) -> dict[Mark, int]:
    """What the worker tells each key of its own shares."""
    labels = {row["label"]: row for row in limits_of(site).values()}
    people = {row["key_hint"][-4:]: row for row in rows_of(site.first)}
    found = {}
    for key in keys:
        with client_of(site.first, key) as client:
            told = client.get("/v1/limits").raise_for_status().json()["data"]
        row = people.get(key[-4:])
        if row is None:
            continue  # nothing of it is stored yet
        shares = {"", f"u{row['user_id']}", f"k{UUID(str(row['key_id'])).hex}"}
        for each in told:
            if "used" not in each:
                continue  # others share it
            limit = labels[each["label"]]
            for mark in marks:
                if mark.limit_id == limit["id"] and mark.share in shares:
                    found[mark] = units(Metric(each["metric"]), Decimal(str(each["used"])))
    return found


def _marks(row: dict[str, Any]) -> list[Mark]:
    told = row["limit_marks"]
    texts = json.loads(told) if isinstance(told, str) else told
    return [mark for text in texts or () if (mark := read_mark(text)) is not None]


def _used(row: dict[str, Any], limit: dict[str, Any]) -> Quantities:
    cost = None if row["cost"] is None else Decimal(str(row["cost"]))
    used = Quantities(
        requests=int(row["attempts"] > 0 or 0 < row["status"] < FAILED),
        input_tokens=row["prompt_tokens"] or 0,
        output_tokens=row["completion_tokens"] or 0,
        nanodollars=nanodollars(cost),
        audio_ms=int((row["audio_seconds"] or 0) * 1000 + 0.5),
    )
    if cost is None and limit["unpriced"] == Unpriced.ASSUME.value:
        return used.assuming(per_token(Decimal(str(limit["assumed_per_million"]))))
    return used


def _plus(one: Quantities, other: Quantities) -> Quantities:
    return Quantities(*(a + b for a, b in zip(one, other, strict=True)))

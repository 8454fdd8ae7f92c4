"""Invariant U: a request that was accepted leaves exactly one record, however it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.live import LiveGateway
from tests.support.processes import wait_until
from tests.usage.rows import rows_of
from usage.journal import records, segments

SECONDS = 5


class Ledger:
    """What a gateway has written down, journal and database together.

    A record is in the journal before the last byte of its answer is sent, so none has to be waited
    for, but those of clients that did not stay for that.
    """

    def __init__(self, gateway: LiveGateway) -> None:
        self._gateway = gateway
        self._journal = Path(gateway.environment["DATA_DIR"]) / "journal"
        self._known = set(self._ended())

    def assert_one_more(self, status: int, error_code: str = "", **fields: Any) -> None:
        """Exactly one request has ended since this was asked last, and in this way."""
        wait_until(lambda: bool(self._new()), what="the record")
        (record,) = self._new().values()
        self._known.add(record["request_id"])
        expected = {"status": status, "error_code": error_code, **fields}
        assert {name: record[name] for name in expected} == expected

    def assert_no_more(self) -> None:
        """No request has ended since this was asked last."""
        assert not self._new()

    def _new(self) -> dict[str, dict[str, Any]]:
        return {key: record for key, record in self._ended().items() if key not in self._known}

    def _ended(self) -> dict[str, dict[str, Any]]:
        """Records by request id: the journal first, which is emptied into the database."""
        written = []
        for segment in segments(self._journal):
            try:
                written += [record for record in records(segment) if record is not None]
            except FileNotFoundError:  # moved since
                continue
        names = ("request_id", "status", "error_code", "is_client_gone", "surface", "endpoint")
        ids = [record.request_id for record in written]
        assert len(ids) == len(set(ids)), "a request is in the journal twice"
        found = {r.request_id: {name: getattr(r, name) for name in names} for r in written}
        for row in rows_of(self._gateway):
            found[row["request_id"]] = row | {"is_client_gone": bool(row["is_client_gone"])}
        return found

"""The gateway's account of what it asked upstreams for, to be held against theirs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

UNREACHED = frozenset({"not_sent", "cannot_be_asked", "led_back"})


@dataclass(slots=True)
class Account:
    """What the rows tell of one connection.

    ``answered`` are attempts that an upstream gave a status to, ``unanswered`` those that it may
    have seen. ``output_tokens`` are of requests that it served; ``maybe_billed`` are attempts that
    it may have charged for without saying so, and streams that broke off.
    """

    answered: int = 0
    unanswered: int = 0
    output_tokens: int = 0
    maybe_billed: int = 0

    def fits(self, hits: int) -> bool:
        """Whether an upstream that counted ``hits`` can have been asked like this."""
        return self.answered <= hits <= self.answered + self.unanswered


@dataclass(slots=True)
class Accounts:
    by_connection: dict[str, Account] = field(default_factory=dict)

    def of(self, connection: str) -> Account:
        return self.by_connection.setdefault(connection, Account())


def accounts_of(rows: Iterable[dict[str, Any]]) -> Accounts:
    """What ``rows`` of usage tell of each connection."""
    accounts = Accounts()
    for row in rows:
        if row["connection"] and row["status"] == 200 and not row["error_code"]:
            accounts.of(row["connection"]).output_tokens += row["completion_tokens"] or 0
        elif row["connection"] and row["status"] == 200:
            accounts.of(row["connection"]).maybe_billed += 1
        log = row["attempt_log"]
        tried = json.loads(log) if isinstance(log, str) else log
        if not tried and row["attempts"]:
            accounts.of(row["connection"]).answered += 1
        for attempt in tried or []:
            _note(accounts.of(attempt["connection"]), attempt)
    return accounts


def _note(account: Account, attempt: dict[str, Any]) -> None:
    if attempt["outcome"] in UNREACHED:
        return
    account.maybe_billed += attempt.get("may_be_billed", False)
    if attempt["status"]:
        account.answered += 1
    else:
        account.unanswered += 1

"""Over 1,000 random faults, the gateway's account is the upstreams' own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import psutil
import pytest

from tests.acceptance.resilience.accounts import accounts_of
from tests.acceptance.resilience.conftest import METRICS_TOKEN
from tests.acceptance.resilience.routed import connection, routed
from tests.acceptance.resilience.table import ALWAYS
from tests.support.api import CHAT, chat_body, client_of
from tests.support.processes import wait_until
from tests.support.scripted_upstream import (
    WORDS,
    Script,
    answer,
    at_random,
    cut,
    end_at_once,
    error_first,
    html,
    reset,
    status,
)
from tests.usage.rows import rows_of

pytestmark = pytest.mark.acceptance

REQUESTS = 1000
AT_ONCE = 8
SEED = 13
FAULTS: tuple[Script, ...] = (
    status(500),
    status(502),
    status(503),
    status(529),
    status(429, {"Retry-After": "1"}),
    status(400),
    html(502),
    reset,
    cut(after=0),
    cut(after=5),
    end_at_once,
    error_first("server_error"),
    error_first("overloaded_error", after=2),
)
IMPATIENT = {"name": "all", "default": True, **ALWAYS, "patience_seconds": 0}


def test_the_ledger_is_the_upstreams_own_account(gateway, first, second):
    # Each model is asked for a few times only: what is learned of it keeps nobody away for long.
    models = [f"m{number}" for number in range(REQUESTS // 4)]
    key = routed(
        gateway,
        [
            connection("first", first, *models, priority=1),
            connection("second", second, *models, priority=2),
        ],
        policies=[IMPATIENT],
    )
    half_of_them_well = at_random(Random(SEED), FAULTS + len(FAULTS) * (answer(),))
    first.tell(half_of_them_well)
    second.tell(half_of_them_well)
    with client_of(gateway, key) as client, ThreadPoolExecutor(AT_ONCE) as pool:

        def ask(number: int) -> int:
            body = chat_body(models[number % len(models)], stream=number % 2 == 0)
            return client.post(CHAT, json=body).status_code

        statuses = list(pool.map(ask, range(REQUESTS)))
    wait_until(lambda: len(rows_of(gateway)) >= REQUESTS, what="the rows")
    rows = rows_of(gateway)
    assert len(rows) == REQUESTS
    assert sorted(row["status"] for row in rows) == sorted(statuses)
    accounts = accounts_of(rows)
    for name, upstream in (("first", first), ("second", second)):
        account = accounts.of(name)
        assert account.answered + account.unanswered == upstream.hits(), name
        assert account.output_tokens == upstream.bill.output_tokens, name
        served = upstream.bill.output_tokens // len(WORDS)
        assert upstream.bill.requests - served <= account.maybe_billed, name
    assert min(upstream.hits() for upstream in (first, second)) > REQUESTS // 10


def test_nothing_is_left_open(gateway, first, second):
    """Invariants S and M: every slot is given back, and what is open to upstreams is the pool's."""
    process, ports = psutil.Process(gateway.process.pid), {first.port, second.port}

    def is_at_rest() -> bool:
        with client_of(gateway, METRICS_TOKEN) as client:
            figures = client.get("/metrics").raise_for_status().text
        to_upstreams = [c for c in process.net_connections() if c.raddr and c.raddr.port in ports]
        return "gatehouse_requests_in_flight 0" in figures and len(to_upstreams) <= 2 * AT_ONCE

    wait_until(is_at_rest, what="the end of all requests")

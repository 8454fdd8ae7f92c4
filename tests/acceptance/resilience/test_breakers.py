"""A target that fails is left alone, by every worker, until a probe succeeds."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.acceptance.resilience.routed import connection, route, routed
from tests.acceptance.resilience.table import ALWAYS
from tests.support.api import CHAT, chat_body, client_of
from tests.support.live import TWO_WORKERS, LiveGateway
from tests.support.processes import wait_until
from tests.support.scripted_upstream import answer, status

pytestmark = pytest.mark.acceptance

BURST = 25
MOST_FAILURES = 10
PARALLEL = 20
NEWS_SECONDS = 1.0


@pytest.fixture(scope="module")
def key(gateway, first, second):
    models = ("billed", "unbilled", "back")
    return routed(
        gateway,
        [connection("first", first, *models), connection("second", second, *models)],
        [
            route("billed", "first", "second"),
            route("unbilled", "first", "second", policy=ALWAYS),
            route("back", "first", "second", policy=ALWAYS),
        ],
    )


def chat(gateway: LiveGateway, key: str, model: str) -> int:
    """The status of a chat over a connection of its own."""
    with client_of(gateway, key) as client:
        return client.post(CHAT, json=chat_body(model)).status_code


def chats(gateway: LiveGateway, key: str, model: str, count: int) -> list[int]:
    """So many at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: chat(gateway, key, model), range(count)))


def test_of_25_failures_in_a_row_at_most_10_are_asked_for(gateway, key, first):
    first.tell(status(500), model="unbilled")
    assert {chat(gateway, key, "unbilled") for _ in range(BURST)} == {200}
    assert first.hits(model="unbilled") <= MOST_FAILURES


def test_where_nothing_may_be_asked_twice_the_clients_see_10_failures_at_most(gateway, key, first):
    first.tell(status(500), model="billed")
    statuses = [chat(gateway, key, "billed") for _ in range(BURST)]
    assert first.hits(model="billed") == statuses.count(502) <= MOST_FAILURES
    assert statuses.count(200) == BURST - statuses.count(502)


def test_a_target_that_is_back_gets_one_probe_and_then_more(gateway, key, first, second):
    with first.away():
        assert {chat(gateway, key, "back") for _ in range(MOST_FAILURES)} == {200}
    is_well = threading.Event()
    first.tell(answer(until=is_well), model="back")
    with ThreadPoolExecutor(PARALLEL) as pool:
        asked = []

        def is_probed() -> bool:
            asked.append(pool.submit(chat, gateway, key, "back"))
            return first.hits(model="back") > 0

        wait_until(is_probed, what="a probe")
        assert set(chats(gateway, key, "back", PARALLEL)) == {200}
        assert first.hits(model="back") == 1
        is_well.set()
        assert {each.result() for each in asked} == {200}

    def is_first_again() -> bool:
        before = second.hits(model="back")
        assert set(chats(gateway, key, "back", 2)) == {200}
        return second.hits(model="back") == before

    wait_until(is_first_again, what="the return of the first target")


def test_a_worker_tells_the_others_within_a_second(start_gateway, first, second):
    gateway = start_gateway("postgres+redis", *TWO_WORKERS)
    key = routed(
        gateway,
        [connection("first", first, "shared"), connection("second", second, "shared")],
        [route("shared", "first", "second")],
    )
    first.tell(status(429, {"Retry-After": "600"}), model="shared")
    assert chat(gateway, key, "shared") == 200
    time.sleep(NEWS_SECONDS)  # what is promised; to ask any earlier would teach the other worker
    assert set(chats(gateway, key, "shared", 2 * PARALLEL)) == {200}
    assert first.hits(model="shared") == 1

"""What two hosts share by PostgreSQL and Redis, and what is lost with one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import httpx
import pytest

from proxy.workers.live.page import LIVE_SOCKET
from tests.acceptance.hosts.load import assert_recorded, roll, under_load
from tests.acceptance.hosts.site import Cluster, HostedGateway
from tests.proxy.workers.live.conftest import signed_in
from tests.support.api import CHAT, chat_body, client_of
from tests.support.environment import ROOT
from tests.support.live import TWO_WORKERS
from tests.support.processes import wait_until
from tests.support.scripted_upstream import numbered, paused, status
from tests.support.sockets import heard, open_socket
from tests.usage.rows import rows_of

pytestmark = [pytest.mark.acceptance, pytest.mark.several_hosts, pytest.mark.timeout(300)]

AT_ONCE, ADMITTED = 40, 7
WORDS, BEGUN = 20, 3
MOST_REPORTS = 60
LIMIT = """
from limits.models import Limit
from accounts.models import User
Limit.objects.create(
    label="seven", subject_kind="user", user=User.objects.get(username={user!r}),
    metric="requests", window="day", amount={amount}, on_outage="closed",
)
"""


def text_of(lines: Iterator[str]) -> str:
    """The text of a stream's events, as far as ``lines`` go."""
    said = (line.removeprefix("data: ") for line in lines if line.startswith("data: {"))
    events = [json.loads(each) for each in said]
    return "".join(
        choice["delta"].get("content") or ""
        for event in events
        for choice in event.get("choices", ())
    )


@contextmanager
def streaming(client: httpx.Client, model: str, **headers: str) -> Iterator[tuple[str, Iterator]]:
    """A stream that has begun: its request id, and its further lines."""
    body = chat_body(model, stream=True)
    with client.stream("POST", CHAT, json=body, headers=headers) as response:
        assert response.status_code == 200
        lines = response.iter_lines()
        next(line for line in lines if '"w0 "' in line)
        yield response.headers["x-request-id"], lines


def test_a_limit_is_exact_across_hosts(cluster: Cluster) -> None:
    key = cluster.offer("limited", user="limited")
    cluster.gateways[0].manage(
        "shell", "-v0", "--no-imports", "-c", LIMIT.format(user="limited", amount=ADMITTED)
    )
    for gateway in cluster.gateways:
        cluster.until_all(
            gateway, key, lambda client: bool(client.get("/v1/limits").json()["data"])
        )

    def ask(_: int) -> int:
        """Of workers that have reached Redis: the limit has the others refuse by 503."""
        statuses = []

        def is_answered() -> bool:
            with cluster.client(key) as client:
                statuses.append(client.post(CHAT, json=chat_body("limited")).status_code)
            return statuses[-1] != 503

        wait_until(is_answered, what="Redis")
        return statuses[-1]

    with ThreadPoolExecutor(AT_ONCE) as threads:
        statuses = list(threads.map(ask, range(AT_ONCE)))
    assert (statuses.count(200), statuses.count(429)) == (ADMITTED, AT_ONCE - ADMITTED)
    assert cluster.upstream.hits(model="limited") == ADMITTED


def test_a_revoked_key_ends_on_every_host(cluster: Cluster) -> None:
    key, told = cluster.offer("revoked", user="revoked"), Event()
    cluster.upstream.tell(paused(after=BEGUN, until=told, of=WORDS), model="revoked")
    one, two = cluster.gateways
    hint = json.loads(one.manage("list_api_keys", "--user", "revoked", "--json").stdout)
    (row,) = hint["keys"]
    with client_of(two, key) as client, streaming(client, "revoked") as (_, lines):
        one.manage("revoke_api_key", row["id"])
        assert text_of(lines) != "".join(numbered(WORDS)[1:])  # ended before its time
    cluster.until_all(two, key, lambda client: client.get("/v1/models").status_code == 401)
    told.set()


def test_a_key_that_rests_rests_on_every_host(cluster: Cluster) -> None:
    key = cluster.offer("resting", user="resting")
    cluster.upstream.tell(status(429, {"Retry-After": "600"}), model="resting")
    one, two = cluster.gateways
    with client_of(one, key) as client:
        assert client.post(CHAT, json=chat_body("resting")).status_code == 429

    def is_told_to_wait(client: httpx.Client) -> bool:
        """By the gateway itself, which does not ask the upstream."""
        response = client.post(CHAT, json=chat_body("resting"))
        return int(response.headers["retry-after"]) < 600

    cluster.until_all(two, key, is_told_to_wait)
    before = cluster.upstream.hits(model="resting")
    with client_of(two, key) as client:
        assert is_told_to_wait(client)
    assert cluster.upstream.hits(model="resting") == before


def test_the_live_page_of_one_host_shows_the_other_s_requests(cluster: Cluster) -> None:
    key, told = cluster.offer("live", user="live"), Event()
    cluster.upstream.tell(paused(after=BEGUN, until=told, of=WORDS), model="live")
    one, two = cluster.gateways
    one.api_key("root", is_admin=True)
    headers = {"Cookie": f"sessionid={signed_in(one, 'root')}", "Origin": one.url}
    with (
        client_of(two, key) as client,
        streaming(client, "live") as (request_id, _),
        open_socket(one, path=f"/{LIVE_SOCKET}", additional_headers=headers) as socket,
    ):
        reports = (heard(socket) for _ in range(MOST_REPORTS))
        assert any(request_id == each["request_id"] for r in reports for each in r["requests"])
    told.set()


def test_a_stream_is_resumed_by_another_host(cluster: Cluster) -> None:
    key, told = cluster.offer("resumed", user="resumed"), Event()
    cluster.upstream.tell(paused(after=BEGUN, until=told, of=WORDS), model="resumed")
    one, two = cluster.gateways
    headers = {"x-gateway-resumable": "true"}
    with client_of(one, key) as client, streaming(client, "resumed", **headers) as (request_id, _):
        pass
    told.set()
    with client_of(two, key) as client, client.stream("GET", f"{CHAT}/{request_id}/stream") as rest:
        assert text_of(rest.iter_lines()) == "".join(numbered(WORDS))


def test_speech_is_kept_for_every_host(cluster: Cluster) -> None:
    key = cluster.offer("speaking", user="speaking")
    body = {"model": "speaking", "input": "Hello", "voice": "alloy"}
    found = []
    for gateway in cluster.gateways:
        with client_of(gateway, key) as client:
            found.append(client.post("/v1/audio/speech", json=body).headers["x-gateway-cache"])
    assert found == ["miss", "hit"]


def test_a_lost_host_ends_its_own_requests_alone_and_loses_no_record(cluster: Cluster) -> None:
    key, told = cluster.offer("lost", "whole", user="lost"), Event()
    cluster.upstream.tell(paused(after=BEGUN, until=told, of=WORDS), model="lost")
    one, two = cluster.gateways
    with (
        client_of(one, key) as lost,
        client_of(two, key) as kept,
        streaming(lost, "lost") as (lost_id, lost_lines),
        streaming(kept, "lost") as (kept_id, kept_lines),
    ):
        finished = whole_chats(one, key)
        one.lose()
        with pytest.raises(httpx.TransportError):
            list(lost_lines)
        told.set()
        assert text_of(kept_lines) == "".join(numbered(WORDS)[1:])
    with cluster.client(key) as client:  # the other host takes over at once
        assert client.post(CHAT, json=chat_body("whole")).status_code == 200
    one.start(*TWO_WORKERS)
    expected = {kept_id, *finished}
    wait_until(lambda: expected <= {row["request_id"] for row in rows_of(one)}, what="every record")
    assert lost_id not in expected


def whole_chats(gateway: HostedGateway, key: str) -> list[str]:
    """The ids of chats that a host has just answered, whose records are in its journal."""
    with client_of(gateway, key) as client:
        answers = [client.post(CHAT, json=chat_body("whole")) for _ in range(5)]
    assert {each.status_code for each in answers} == {200}
    return [each.headers["x-request-id"] for each in answers]


def test_no_request_fails_while_hosts_restart_by_turns(cluster: Cluster) -> None:
    key = cluster.offer("rolled", user="rolled")
    with under_load(cluster, key, "rolled") as outcomes:
        wait_until(lambda: outcomes.succeeded > 20, what="some responses")
        roll(cluster, ROOT)
        reached = outcomes.succeeded
        wait_until(lambda: outcomes.succeeded > reached + 20, what="responses of the new ones")
    assert outcomes.failed == {}
    assert_recorded(cluster, "rolled", outcomes.succeeded)

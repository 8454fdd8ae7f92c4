"""Each row of the outcome table, on every way that leads to an upstream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from websockets.http11 import Response
from websockets.sync.server import ServerConnection

from tests.acceptance.resilience.routed import connection, route, routed, slug
from tests.acceptance.resilience.table import ALWAYS, ROWS, Answers, Row
from tests.acceptance.resilience.ways import ELSEWHERE, WAYS, Seen, Way
from tests.faults.errors import assert_shows_nothing
from tests.support.live import LiveGateway
from tests.support.processes import free_port, wait_until
from tests.support.scripted_upstream import BilledUpstream
from tests.support.socket_upstream import SocketUpstream, socket_upstream
from tests.test_recipes import ROUTES, sockets
from tests.usage.rows import rows_of

pytestmark = pytest.mark.acceptance

ENDS = (b"[DONE]", b"message_stop", b"response.completed")
DEFAULT = {"name": "all", "default": True, **ALWAYS}
# By rows, so that the retries of one way are not all made at once.
CASES = [(way, row) for row in ROWS for way in WAYS if ROWS[row].is_for(WAYS[way])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A row on a way, with a model of its own, so that no case learns from another.

    ``first`` and ``second`` are its connections: the latter never fails.
    """

    way: Way
    row: Row
    model: str
    first: str
    second: str
    fallback: str

    @classmethod
    def of(cls, way: str, row: str) -> Case:
        """What a key is found to be holds for all models: then the connection is its own, too.

        The others share one with few others, so that its budget of retries is not used up.
        """
        it = WAYS[way]
        is_alone = ROWS[row].is_about_key or it.names_no_model
        group = f"{it.provider} chats" if it.is_chat else it.provider
        return cls(
            way=it,
            row=ROWS[row],
            model=slug(way, row),
            first=slug("first", way if is_alone else group, row),
            second=slug("second", way),
            fallback=slug("fallback", it.provider),
        )

    @property
    def has_route(self) -> bool:
        """Whether there is a route; else the priorities of the connections are one."""
        return bool(self.row.policy or self.row.route) or self.way is WAYS["chat/completions"]

    @property
    def route(self) -> dict[str, Any]:
        fields = dict.fromkeys(self.row.route, self.fallback)
        policy = {"policy": self.row.policy} if self.row.policy else {}
        return route(self.model, self.first, self.second, **fields, **policy)


@dataclass(slots=True, kw_only=True)
class Bench:
    """What the cases share. ``answered`` are the responses, by the id of the request."""

    gateway: LiveGateway
    key: str
    upstreams: tuple[BilledUpstream, BilledUpstream]
    sockets: tuple[SocketUpstream, SocketUpstream]
    answered: dict[str, tuple[Case, Seen]] = field(default_factory=dict)

    def hits(self, case: Case) -> tuple[int, int, int]:
        """How often the first, the second and the fallback were asked."""
        keys = [f"sk-{name}" for name in (case.first, case.second)]
        if case.way.is_socket:
            pairs = zip(self.sockets, keys, strict=True)
            found = [handshakes_of(upstream, key) for upstream, key in pairs]
        elif case.way.names_no_model:
            found = [up.hits(key=key) for up, key in zip(self.upstreams, keys, strict=True)]
        else:
            found = [each.hits(model=case.model) for each in self.upstreams]
        return found[0], found[1], self.upstreams[1].hits(model=case.fallback)


def handshakes_of(upstream: SocketUpstream, key: str) -> int:
    return sum(it.headers["Authorization"] == f"Bearer {key}" for it in upstream.handshakes)


def refusal_by_key(cases: Iterable[Case]) -> Callable[[ServerConnection], Response | None]:
    """What an upstream of sockets does, whose keys tell the cases apart."""
    statuses = {f"Bearer sk-{it.first}": it.row.handshake for it in cases if it.way.is_socket}

    def refusal(socket: ServerConnection) -> Response | None:
        request = socket.request
        status = statuses.get(request.headers.get("Authorization", "")) if request else None
        if not status:
            return None
        return socket.respond(HTTPStatus(status), json.dumps({"error": {"message": "No."}}))

    return refusal


def connections_of(
    cases: Iterable[Case],
    upstreams: tuple[BilledUpstream, BilledUpstream],
    sockets: tuple[SocketUpstream, SocketUpstream],
) -> list[dict[str, Any]]:
    """Each connection of ``cases`` with the models that it has."""
    nowhere = f"http://127.0.0.1:{free_port()}/v1"
    found: dict[str, dict[str, Any]] = {}
    for case in cases:
        urls = [each.url for each in (sockets if case.way.is_socket else upstreams)]
        if case.row.script is None:
            urls[0] = nowhere
        pair = zip((case.first, case.second), urls, strict=True)
        for priority, (name, url) in enumerate(pair):
            fields = {} if priority else case.row.connection
            entry = connection(name, url, provider=case.way.provider, priority=priority, **fields)
            found.setdefault(name, entry)["model_ids"].append(case.model)
    for provider in ("compatible", "anthropic"):
        name = slug("fallback", provider)
        found[name] = connection(name, upstreams[1], name, provider=provider)
    return list(found.values())


@pytest.fixture(scope="module")
def bench(gateway: LiveGateway, first: BilledUpstream, second: BilledUpstream) -> Iterator[Bench]:
    cases = [Case.of(way, row) for way, row in CASES]
    for case in cases:
        if case.row.script is not None:
            is_alone = case.way.names_no_model
            named = {"key": f"sk-{case.first}"} if is_alone else {"model": case.model}
            first.tell(case.row.script, **named)
    with socket_upstream() as failing, socket_upstream() as speaking:
        failing.refusal = refusal_by_key(cases)
        upstreams, pair = (first, second), (failing, speaking)
        connections = connections_of(cases, upstreams, pair)
        routes = [case.route for case in cases if case.has_route]
        key = routed(gateway, connections, routes, policies=[DEFAULT])
        yield Bench(gateway=gateway, key=key, upstreams=upstreams, sockets=pair)


@pytest.mark.parametrize(("way", "row"), CASES)
def test_a_row_of_the_table(bench, way, row):
    case = Case.of(way, row)
    before = bench.hits(case)
    seen = case.way.ask(bench.gateway, bench.key, case.model)
    after = bench.hits(case)
    asked = tuple(now - then for now, then in zip(after, before, strict=True))
    is_reached = int(case.row.script is not None)
    match case.row.answers:
        case Answers.SECOND:
            assert asked == (is_reached, 1, 0), seen
            assert seen.is_success, seen
        case Answers.FALLBACK:
            assert asked == (is_reached, 0, 1), seen
            assert seen.is_success, seen
        case Answers.NOBODY:
            assert asked == (is_reached, 0, 0), seen
            assert_failed(case, seen)
    if "x-request-id" in seen.headers:
        bench.answered[seen.headers["x-request-id"]] = (case, seen)


def assert_failed(case: Case, seen: Seen) -> None:
    if case.row.status == HTTPStatus.OK:  # it had begun well
        assert b'"error"' in seen.body or seen.code, seen
        assert not any(end in seen.body for end in ENDS), seen
        return
    assert seen.status in {0, case.row.status}, seen
    if case.row.code is not None and not case.way.path.startswith("/v1/messages"):
        assert seen.code == case.row.code, seen
    assert_shows_nothing(seen.body.decode())


def test_every_request_has_left_one_row_with_its_attempts(bench):
    """Invariant U, for all that went before."""
    wait_until(
        lambda: bench.answered.keys() <= {row["request_id"] for row in rows_of(bench.gateway)},
        what="the rows",
    )
    rows = {row["request_id"]: row for row in rows_of(bench.gateway)}
    for request_id, (case, seen) in bench.answered.items():
        attempts = 1 if case.row.answers is Answers.NOBODY else 2
        assert rows[request_id]["status"] == seen.status, case
        assert rows[request_id]["attempts"] == attempts, case
        assert int(seen.headers.get("x-gateway-attempts", 1)) == attempts, case


def test_every_way_to_an_upstream_is_in_the_table():
    """A new endpoint or socket has a case, or a reason why it has none."""
    plain = {way for way in WAYS if not way.startswith("ws ")}
    assert {route for route in ROUTES if route not in ELSEWHERE} == {
        way for way in plain if way in ROUTES
    }
    assert set(ELSEWHERE) <= set(ROUTES)
    assert {way.removeprefix("ws ") for way in WAYS if way.startswith("ws ")} == set(sockets())

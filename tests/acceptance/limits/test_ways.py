"""Limits hold on every way that leads to an upstream, and shadow limits change no answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest

from tests.acceptance.limits.limiting import is_in_force, limit
from tests.acceptance.resilience.routed import EVERYBODY, SETTINGS, connection, slug
from tests.acceptance.resilience.ways import ELSEWHERE, WAYS, Seen
from tests.support.api import client_of, listed
from tests.support.live import LiveGateway, live_gateway
from tests.support.processes import wait_until
from tests.support.scripted_upstream import BilledUpstream
from tests.support.socket_upstream import SocketUpstream, socket_upstream
from tests.support.stores import BACKINGS, Stores

pytestmark = pytest.mark.acceptance

REFUSED = {"rate_limit_exceeded", "insufficient_quota", "rate_limit_error"}

# What reaches an upstream and starts no work: the method, and the path of a response that was
# stored before.
STORED = {
    "responses/{}/input_items": [("GET", "/input_items")],
    "responses/{}/cancel": [("POST", "/cancel")],
    "responses/{}": [("GET", ""), ("GET", "?stream=true"), ("DELETE", "")],
}
PASSED_THROUGH = "passthrough/{}/{}"
# Kept or made here, or asked on behalf of nobody: the lists of models, an administrator's look.
NOWHERE = {
    "chat/completions/{}/stream",
    "config",
    "config/update",
    "conversations",
    "conversations/{}",
    "conversations/{}/items",
    "conversations/{}/items/{}",
    "limits",
    "me",
    "me/access-requests",
    "me/access-requests/{}",
    "me/keys",
    "me/keys/{}",
    "me/keys/{}/rotate",
    "me/limits",
    "me/models",
    "me/models/{}",
    "me/requests",
    "me/requests/{}",
    "me/usage",
    "models",
    "models/{}",
    "openapi.json",
    "realtime/client_secrets",
    "realtime/sessions",
    "usage",
    "verify",
}
EVERY_METER = [
    ("requests", "minute", 0),
    ("requests", "day", 0),
    ("tokens", "hour", 0),
    ("output_tokens", "total", 0),
    ("concurrency", "", 0),
    ("usd", "month", 0),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """``response_id`` is of a response that ``limited`` had stored before the limit was made."""

    gateway: LiveGateway
    upstream: BilledUpstream
    sockets: SocketUpstream
    free: str
    shadowed: str
    limited: str
    response_id: str

    @property
    def asked(self) -> int:
        """How often the upstreams were asked for anything but their models."""
        requests = [each for each in self.upstream.requests if not each.target.endswith("/models")]
        return len(requests) + len(self.sockets.handshakes)


def connections(upstream: BilledUpstream, sockets: SocketUpstream) -> list[dict[str, Any]]:
    models: dict[tuple[str, bool], list[str]] = {}
    for name, way in WAYS.items():
        models.setdefault((way.provider, way.is_socket), []).append(slug(name))
    return [
        connection(
            slug(provider, "sockets" if is_socket else "http"),
            sockets.url if is_socket else upstream.url,
            *names,
            provider=provider,
        )
        for (provider, is_socket), names in models.items()
    ]


@pytest.fixture(scope="module")
def bench(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    directory = tmp_path_factory.mktemp("limits")
    environment = {"GATEWAY_PASSTHROUGH": "true"}
    with (
        BilledUpstream() as upstream,
        socket_upstream() as sockets,
        live_gateway(stores, BACKINGS[0], directory, **environment) as gateway,
    ):
        free = gateway.configured_for(
            "free", grants=EVERYBODY, settings=SETTINGS, connections=connections(upstream, sockets)
        )
        shadowed = gateway.api_key("shadowed")
        limited = gateway.api_key("limited", is_admin=True)
        with client_of(gateway, limited) as client:
            wait_until(lambda: slug("responses") in listed(client), what="the models")
            made = client.post(
                "/v1/responses", json={"model": slug("responses"), "input": "Hello"}
            ).raise_for_status()
            limit(gateway, "shadowed", "shadow", EVERY_METER)
            limit(gateway, "limited", "enforce", [("requests", "minute", 0)])
            wait_until(lambda: is_in_force(client), what="the limits")
        yield Bench(
            gateway=gateway,
            upstream=upstream,
            sockets=sockets,
            free=free,
            shadowed=shadowed,
            limited=limited,
            response_id=made.json()["id"],
        )


@pytest.mark.parametrize("name", WAYS)
def test_no_way_to_an_upstream_leads_around_a_limit(bench: Bench, name: str) -> None:
    before = bench.asked
    seen = WAYS[name].ask(bench.gateway, bench.limited, slug(name))
    assert seen.status in {0, 429}, seen
    assert seen.code in REFUSED, seen
    assert bench.asked == before


def test_a_limit_keeps_nobody_from_a_stored_response(bench: Bench) -> None:
    asks = list(chain(*STORED.values()))
    before = bench.asked
    with client_of(bench.gateway, bench.limited) as client:
        for method, below in asks:
            response = client.request(method, f"/v1/responses/{bench.response_id}{below}")
            assert response.status_code != 429, response.text
    assert bench.asked == before + len(asks)
    wait_until(lambda: uncounted(bench.gateway, "limited") == len(asks), what="the records")


def test_a_passthrough_is_no_way_around_a_limit(bench: Bench) -> None:
    name = slug("compatible", "http")
    assert_refused(bench, "GET", f"/openai/passthrough/{name}/files")


def assert_refused(bench: Bench, method: str, path: str) -> None:
    before = bench.asked
    with client_of(bench.gateway, bench.limited) as client:
        response = client.request(method, path)
    assert response.status_code == 429, response.text
    assert response.json()["error"]["code"] == "rate_limit_exceeded"
    assert bench.asked == before


def test_every_route_is_limited_or_reaches_no_upstream() -> None:
    assert {*STORED, PASSED_THROUGH, *NOWHERE} == set(ELSEWHERE)


@pytest.mark.parametrize("name", WAYS)
def test_a_shadow_limit_changes_no_answer(bench: Bench, name: str) -> None:
    before = bench.asked
    ask: Callable[[str], Seen] = lambda key: WAYS[name].ask(  # noqa: E731
        bench.gateway, key, slug(name)
    )
    free, shadowed = ask(bench.free), ask(bench.shadowed)
    assert free.is_success, free
    assert (free.status, free.code) == (shadowed.status, shadowed.code)
    assert free.headers.keys() == shadowed.headers.keys()
    assert shape(free.body) == shape(shadowed.body)
    if name != "audio/speech":  # the second is a recording of the first
        assert bench.asked == before + 2


UNCOUNTED = """
from usage.models import UsageRow
rows = UsageRow.objects.filter(username={user!r}, attempts=1, limit_requests=0)
print(rows.filter(limit_marks__isnull=True).count())
"""


def uncounted(gateway: LiveGateway, user: str) -> int:
    """How many requests of the user the ledger has that no limit counts."""
    return int(gateway.manage("shell", "--no-imports", "-c", UNCOUNTED.format(user=user)).stdout)


def shape(body: bytes) -> Any:
    """What does not differ between two answers to the same request: all but ids and times."""
    try:
        return _without_ids(json.loads(body))
    except ValueError:
        return len(body.splitlines())


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_ids(each) for each in value]
    return type(value).__name__

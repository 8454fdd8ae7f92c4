"""Each response over a socket meets the limits of its caller."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from tests.acceptance.limits.limiting import is_in_force, limit, periods_of
from tests.acceptance.resilience.routed import EVERYBODY, SETTINGS, connection
from tests.support.api import client_of, listed
from tests.support.live import LiveGateway, live_gateway
from tests.support.processes import wait_until
from tests.support.socket_upstream import SocketUpstream, socket_upstream
from tests.support.sockets import heard, open_socket, say
from tests.support.stores import BACKINGS, Stores

pytestmark = pytest.mark.acceptance

USAGE = {"input_tokens": 100, "output_tokens": 50, "total_tokens": 150}
CREATE = {"type": "response.create", "model": "gpt-4o", "input": "Hello"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    gateway: LiveGateway
    upstream: SocketUpstream

    def key_of(self, user: str, *meters: tuple[str, str, int]) -> str:
        """A new user's key, once the limits of ``meters`` are in force for it."""
        key = self.gateway.api_key(user)
        limit(self.gateway, user, "enforce", meters)
        with client_of(self.gateway, key) as client:
            wait_until(lambda: is_in_force(client), what="the limits")
        return key

    @property
    def asked(self) -> list[Any]:
        return [each for each in self.upstream.messages if each["type"] == "response.create"]


def respond(socket: ServerConnection, message: Any) -> None:
    """Answer what asks for a response; begin one by itself where the user has stopped talking."""
    if message["type"] in {"response.create", "input_audio_buffer.commit"}:
        response = {"id": "resp_1", "object": "response", "output": []}
        begun = {"type": "response.created", "response": response | {"status": "in_progress"}}
        done = {"type": "response.done", "response": response | {"usage": USAGE}}
        for event in (begun, done):
            socket.send(json.dumps(event))


@pytest.fixture(scope="module", params=BACKINGS)
def bench(
    request: pytest.FixtureRequest, stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    directory = tmp_path_factory.mktemp("limits")
    with (
        socket_upstream() as upstream,
        live_gateway(stores, request.param, directory) as gateway,
    ):
        upstream.answer = respond
        key = gateway.configured_for(
            "free",
            grants=EVERYBODY,
            settings=SETTINGS,
            connections=[connection("one", upstream.url, "gpt-4o")],
        )
        with client_of(gateway, key) as client:
            wait_until(lambda: "gpt-4o" in listed(client), what="the model")
        yield Bench(gateway=gateway, upstream=upstream)


def answered(socket: Any, message: Any) -> list[str]:
    """The types of what is said to ``message``, to the end of a response or to an error."""
    say(socket, message)
    types = [""]
    while types[-1] not in {"response.done", "error"}:
        event = heard(socket)
        types.append(event["type"])
        if event["type"] == "error":
            types.append(event["error"]["code"])
            break
    return types[1:]


COMPLETE = ["response.created", "response.done"]


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/realtime?model=gpt-4o"])
def test_a_socket_may_ask_for_as_many_responses_as_its_limit_says(bench: Bench, path: str) -> None:
    key = bench.key_of(f"requests-{len(path)}", ("requests", "day", 2))
    before = len(bench.asked)
    create = CREATE if path == "/v1/responses" else {"type": "response.create"}
    with open_socket(bench.gateway, key, path=path) as socket:
        assert answered(socket, create) == COMPLETE
        assert answered(socket, create) == COMPLETE
        assert answered(socket, create) == ["error", "insufficient_quota"]
    assert len(bench.asked) == before + 2
    user = f"requests-{len(path)}"
    wait_until(lambda: periods_of(bench.gateway, user) == "[(2, 200)]", what="the period")


def test_what_responses_used_counts_for_the_next_one_on_the_same_socket(bench: Bench) -> None:
    key = bench.key_of("tokens", ("tokens", "day", 400))
    create = {"type": "response.create", "response": {"max_output_tokens": 100}}
    with open_socket(bench.gateway, key, path="/v1/realtime?model=gpt-4o") as socket:
        assert answered(socket, create) == COMPLETE
        assert answered(socket, create) == COMPLETE
        # 300 are used, and this one is likely to have an input as long as the last one's.
        assert answered(socket, create) == ["error", "insufficient_quota"]


def test_a_slot_is_held_by_a_response_and_not_by_its_socket(bench: Bench) -> None:
    key = bench.key_of("slots", ("concurrency", "", 1))
    path = "/v1/realtime?model=gpt-4o"
    create = {"type": "response.create"}
    with (
        open_socket(bench.gateway, key, path=path) as one,
        open_socket(bench.gateway, key, path=path) as two,
    ):
        for socket in (one, two, one):
            assert answered(socket, create) == COMPLETE


def test_a_response_that_the_upstream_begins_by_itself_is_cancelled_at_a_limit(
    bench: Bench,
) -> None:
    key = bench.key_of("talks", ("requests", "hour", 1))
    commit = {"type": "input_audio_buffer.commit"}
    with open_socket(bench.gateway, key, path="/v1/realtime?model=gpt-4o") as socket:
        assert answered(socket, commit) == COMPLETE
        assert answered(socket, commit) == ["error", "rate_limit_exceeded"]
        wait_until(lambda: {"type": "response.cancel"} in bench.upstream.messages, what="the end")

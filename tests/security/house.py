"""A gateway of several connections, and two people who may refer to what is theirs alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.api import client_of, wait_for_models
from tests.support.live import LiveGateway, live_gateway
from tests.support.responders import json_response
from tests.support.socket_upstream import SocketUpstream, socket_upstream
from tests.support.stores import BACKINGS, Stores
from tests.support.upstream import ScriptedUpstream

GRANTED = ["main", "helper", "elsewhere", "talk", "listen", "common.main", "common.talk", "opus"]
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """``http`` is behind ``one``, ``other``, ``common`` and ``claude``; ``socket`` and ``second``
    speak WebSocket. ``keys`` are of ``alice``, ``bob`` and ``root``, who is staff."""

    gateway: LiveGateway
    http: ScriptedUpstream
    sockets: tuple[SocketUpstream, SocketUpstream]
    keys: dict[str, str]

    @property
    def seen(self) -> int:
        """How much of what clients said has reached an upstream."""
        return len(self.http.calls) + sum(len(upstream.messages) for upstream in self.sockets)


@contextmanager
def built(stores: Stores, directory: Path) -> Iterator[House]:
    with (
        ScriptedUpstream(models=("main", "side", "secret")) as http,
        socket_upstream() as first,
        socket_upstream() as second,
        live_gateway(stores, BACKINGS[0], directory) as gateway,
    ):
        http.on("POST", "*", json_response({"id": "resp_http", "object": "response"}))
        configuration = gateway.import_of(
            connections=[
                {"name": "one", "base_url": http.url, "priority": 1},
                {"name": "other", "base_url": http.url, "model_ids": ["elsewhere"]},
                {
                    "name": "common",
                    "base_url": http.url,
                    "prefix_id": "common",
                    "shares_account_objects": True,
                },
                {
                    "name": "claude",
                    "provider": "anthropic",
                    "base_url": http.url,
                    "keys": ["k"],
                    "model_ids": ["opus"],
                },
                _speaking("speaking", first, priority=1),
                _speaking("second", second, priority=2, model_ids=["talk"]),
                _speaking("open", first, prefix_id="common", shares_account_objects=True),
            ],
            models=[{"connection": "one", "model": "side", "alias": "helper"}],
            grants=[{"models": GRANTED, "everyone": True}],
        )
        people = [("create_api_key", name, "--create-user", "--json") for name in ("alice", "bob")]
        staff = ("create_api_key", "root", "--create-user", "--staff", "--json")
        _, *made = gateway.manage_all(configuration, *people, staff)
        keys = [json.loads(output)["key"] for output in made]
        house = House(
            gateway=gateway,
            http=http,
            sockets=(first, second),
            keys=dict(zip(("alice", "bob", "root"), keys, strict=True)),
        )
        with client_of(gateway, house.keys["alice"]) as client:
            wait_for_models(client, *GRANTED)
        yield house


def _speaking(name: str, upstream: SocketUpstream, **fields: Any) -> dict[str, Any]:
    models = {"model_ids": ["talk", "listen", "hidden"]}
    return {"name": name, "base_url": upstream.url} | models | fields

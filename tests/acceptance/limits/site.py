"""Gateways that share their limits: one process alone, or two with two workers each.

::

    sqlite+memory     one gateway, one worker
    postgres+redis    two gateways on ports of their own, two workers each, one database, one Redis
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Self

import httpx
import redis

from limits.meters.redis_scripts import WORKERS
from tests.acceptance.resilience.routed import EVERYBODY, SETTINGS
from tests.support.api import CHAT, chat_body, client_of, listed
from tests.support.live import TWO_WORKERS, LiveGateway
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import PATIENCE_SECONDS, wait_until
from tests.support.scripted_upstream import BilledUpstream
from tests.support.stores import BACKINGS, Stores

ALL_WORKERS = 4  # of two gateways
LOOKS = 24  # connections at once, so that each worker takes some of them
Fields = dict[str, Any]

MAKE = """
import json
from decimal import Decimal
from django.db import transaction
from accounts.models import ApiKey, User
from limits.models import Limit
from usage.models import Price
told = json.loads({told!r})
with transaction.atomic():
    for fields in told["prices"]:
        Price.objects.create(**{{k: v if k == "model" else Decimal(v) for k, v in fields.items()}})
    keys = {{}}
    for name in told["people"]:
        user, _ = User.objects.get_or_create(username=name)
        keys[name] = ApiKey.objects.issue(user)[1]
    ids = {{}}
    for fields in told["limits"]:
        fields["amount"] = Decimal(fields["amount"])
        name = fields.pop("user", None)
        if name is not None:
            fields |= {{"subject_kind": "user", "user": User.objects.get(username=name)}}
        ids[fields["label"]] = Limit.objects.create(**fields).pk
print(json.dumps([keys, ids]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """``redis_url`` is empty where the one worker counts by itself."""

    gateways: tuple[LiveGateway, ...]
    upstream: BilledUpstream
    redis_url: str = ""

    @property
    def first(self) -> LiveGateway:
        return self.gateways[0]

    def shell(self, code: str) -> Any:
        """What ``code`` prints as JSON, run on the gateways' data; None for nothing."""
        said = self.first.manage("shell", "-v0", "--no-imports", "-c", code).stdout
        return json.loads(said) if said.strip() else None

    def offer(self, connections: Iterable[Fields], **sections: Any) -> None:
        """Import ``connections``, whose models anybody may use, and wait for these everywhere."""
        connections = list(connections)
        models = {model for each in connections for model in each["model_ids"]}
        models |= {route["model"] for route in sections.get("routes", ())}
        key = self.first.configured_for(
            "observer", connections=connections, grants=EVERYBODY, settings=SETTINGS, **sections
        )
        self.until(key, lambda client: models <= listed(client), what="the models")

    def make(
        self,
        people: Iterable[str] = (),
        limits: Iterable[Fields] = (),
        prices: Iterable[Fields] = (),
    ) -> tuple[dict[str, str], dict[str, int]]:
        """New keys by the names of ``people``, and the ids of ``limits`` by their labels, once
        every worker knows the limits of these people.

        A limit that names no ``user`` has to name its subject.
        """
        told = {"people": list(people), "limits": list(limits), "prices": list(prices)}
        keys, ids = self.shell(MAKE.format(told=json.dumps(told)))
        for each in told["limits"]:
            name = each.get("user")
            if name in keys and each.get("mode") != "shadow":
                self.until(keys[name], holds(each["label"]), what=each["label"])
                break  # all came with one change
        return keys, ids

    def until(self, key: str, is_true: Callable[[httpx.Client], bool], *, what: str) -> None:
        """Until ``is_true`` of every one of many connections, to each gateway."""

        def look(gateway: LiveGateway) -> bool:
            with client_of(gateway, key) as client:
                return is_true(client)

        many = [gateway for gateway in self.gateways for _ in range(LOOKS)]
        with ThreadPoolExecutor(len(many)) as threads:
            wait_until(lambda: all(threads.map(look, many)), what=what)

    def wait_for_workers(self) -> None:
        """Until all workers have told Redis of each other."""
        if self.redis_url:
            with redis.Redis.from_url(self.redis_url) as client:
                wait_until(lambda: client.zcard(WORKERS) == ALL_WORKERS, what="all workers")


def holds(label: str) -> Callable[[httpx.Client], bool]:
    """Whether a limit is one of the client's."""

    def is_held(client: httpx.Client) -> bool:
        answer = client.get("/v1/limits")
        return answer.is_success and label in {each["label"] for each in answer.json()["data"]}

    return is_held


@contextmanager
def running_site(
    stores: Stores, backing: str, directory: Path, upstream: BilledUpstream, **environment: str
) -> Iterator[Site]:
    """Gateways that serve, with ``environment`` on top of what ``backing`` needs."""
    with stores.open(backing, directory / "one") as opened, ExitStack() as stack:
        # How soon Redis answers is a matter of how busy the machine is.
        patient = {"GATEWAY_LIMITS_REDIS_SECONDS": str(PATIENCE_SECONDS)}
        told = {"LOG_FORMAT": "json"} | patient | opened | environment
        gateways, options = [LiveGateway(backing, directory, told)], ()
        if backing != BACKINGS[0]:
            other = directory / "second"
            other.mkdir()
            gateways.append(LiveGateway(backing, other, told | {"DATA_DIR": str(other / "data")}))
            options = TWO_WORKERS
        for gateway in gateways:
            stack.callback(gateway.kill)
        with ThreadPoolExecutor(len(gateways)) as threads:
            list(threads.map(lambda gateway: gateway.start(*options), gateways))
        site = Site(
            gateways=tuple(gateways), upstream=upstream, redis_url=told.get("REDIS_URL", "")
        )
        site.wait_for_workers()
        yield site
        for gateway in gateways:
            gateway.stop()


class Crowd:
    """Clients at once, on connections that are spread over all gateways."""

    def __init__(self, site: Site, *, most: int = 100) -> None:
        limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
        self._clients = [
            httpx.AsyncClient(base_url=gateway.url, limits=limits, **PLAIN_HTTP)
            for gateway in site.gateways
        ]
        self._next = cycle(self._clients)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for client in self._clients:
            await self._stack.enter_async_context(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def post(self, key: str, path: str, body: Fields) -> httpx.Response:
        """By the next gateway."""
        headers = {"Authorization": f"Bearer {key}"}
        return await next(self._next).post(path, json=body, headers=headers)

    async def chats(self, count: int, key: str, **fields: Any) -> list[httpx.Response]:
        """``count`` chats at once."""
        body = chat_body(**fields)
        return await together(self.post(key, CHAT, body) for _ in range(count))


async def together(asks: Iterable[Awaitable[httpx.Response]]) -> list[httpx.Response]:
    return list(await asyncio.gather(*asks))


def statuses(responses: Sequence[httpx.Response]) -> dict[int, int]:
    """How many responses have each status."""
    found: dict[int, int] = {}
    for each in responses:
        found[each.status_code] = found.get(each.status_code, 0) + 1
    return found

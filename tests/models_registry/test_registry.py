"""The registry of a worker: current without getting in anyone's way."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from channels.db import database_sync_to_async
from django.core.cache import cache

from accounts import changes
from connections.calling.client import UpstreamClient
from connections.models import Connection
from connections.models.key_source import KeySource
from models_registry.models import ModelGrant, RegisteredModel
from models_registry.registry import Registry
from proxy.answering.routing import route
from resilience.budget import retry_budgets
from resilience.states import states
from tests.support import parts
from tests.support.builders import a_caller
from tests.support.processes import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


class Upstreams:
    """Lists models by host name. An exception is raised; ``None`` is a black hole."""

    def __init__(self) -> None:
        self.models: dict[str, list[str] | Exception | None] = {}
        self.asked: Counter[str] = Counter()
        self.gates: dict[str, asyncio.Event] = {}
        self.hears: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host.removesuffix(".example")
        self.asked[name] += 1
        self.hears[name].set()
        if name in self.gates:
            await self.gates[name].wait()
        match self.models.get(name, []):
            case None:
                await asyncio.Event().wait()
                raise AssertionError
            case Exception() as exc:
                raise exc
            case models:
                return httpx.Response(200, json={"data": models})


@pytest.fixture
def upstreams() -> Upstreams:
    return Upstreams()


@pytest.fixture
async def registry(upstreams: Upstreams) -> AsyncIterator[Registry]:
    await cache.aclear()
    registry = Registry(UpstreamClient(httpx.MockTransport(upstreams)))
    yield registry
    await registry.stop()
    await cache.aclear()


@pytest.fixture
def connect(upstreams: Upstreams) -> Callable[..., object]:
    """Makes a connection called ``name`` to an upstream that lists ``models``."""

    async def connect(name: str, models: object = (), **fields: object) -> Connection:
        upstreams.models[name] = models
        base_url = f"https://{name}.example/v1"
        return await Connection.objects.acreate(name=name, base_url=base_url, **fields)

    return connect


def ids(registry: Registry) -> list[str]:
    view = registry.snapshot.view(a_caller(is_staff=True))
    return [entry["id"] for entry in view.entries()]


async def test_models_of_all_connections_come_in_order_of_priority(registry, connect) -> None:
    await connect("late", ["b", "a"], priority=20)
    await connect("early", ["a", "c"], priority=5)
    await registry.reload()
    await registry.settled()
    assert ids(registry) == ["a", "c", "b"]
    targets = registry.snapshot.view(a_caller(is_staff=True)).route("a")
    assert [target.connection.upstream.name for target in targets] == ["early", "late"]


async def test_the_first_reload_waits_for_no_upstream(registry, connect) -> None:
    await connect("hole", None)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await registry.reload()
    assert ids(registry) == []


async def test_a_black_hole_holds_up_no_other_list(registry, connect, upstreams) -> None:
    await connect("hole", None)
    await connect("good", ["a"])
    await registry.reload()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await registry.settled(lambda: bool(ids(registry)))
    assert ids(registry) == ["a"]
    async with asyncio.timeout(
        PATIENCE_SECONDS
    ):  # the order in which both are asked is nobody's promise
        await upstreams.hears["hole"].wait()
    assert upstreams.asked == {"hole": 1, "good": 1}


async def test_settled_waits_for_news_only_once(registry, connect, upstreams) -> None:
    await connect("down", httpx.ConnectError("refused"))
    await registry.reload()
    await registry.settled()
    await registry.settled()
    assert upstreams.asked["down"] == 1


async def test_all_who_wait_share_one_question(registry, connect, upstreams) -> None:
    upstreams.gates["one"] = asyncio.Event()
    await connect("one", ["a"])
    await registry.reload()
    waiting = [asyncio.create_task(registry.settled()) for _ in range(20)]
    await asyncio.sleep(0)
    upstreams.gates["one"].set()
    await asyncio.gather(*waiting)
    assert upstreams.asked["one"] == 1
    assert ids(registry) == ["a"]


async def test_a_client_that_leaves_takes_no_list_with_it(registry, connect, upstreams) -> None:
    upstreams.gates["one"] = asyncio.Event()
    await connect("one", ["a"])
    await registry.reload()
    leaving = asyncio.create_task(registry.settled())
    await asyncio.sleep(0)
    leaving.cancel()
    upstreams.gates["one"].set()
    await registry.settled()
    assert ids(registry) == ["a"]


GUARD = {"id": "guard", "pipeline": {"type": "filter", "pipelines": ["*"], "priority": 0}}


def filters_of(registry: Registry, model: str) -> tuple[list[str], str]:
    """The filters a model's chats pass, and the connection that has not told of its own yet."""
    [target] = registry.snapshot.view(a_caller(is_staff=True)).route(model)
    return [each.id for each in target.filters], target.awaits_filters_of


@pytest.mark.parametrize("model_ids", [[], ["pipe"]])
async def test_filters_are_known_once_their_server_was_asked(registry, connect, model_ids) -> None:
    await connect("one", ["a"])
    listed = [GUARD, {"id": "pipe"}]
    await connect("pipes", listed, provider="pipelines", model_ids=model_ids)
    await registry.reload()
    await registry.settled()
    assert filters_of(registry, "a") == filters_of(registry, "pipe") == (["guard"], "")


@pytest.mark.parametrize("model_ids", [[], ["pipe"]])
async def test_filters_are_awaited_from_a_server_that_never_gave_a_list(
    registry, connect, upstreams, model_ids
) -> None:
    await connect("one", ["a"])
    down = httpx.ConnectError("refused")
    await connect("pipes", down, provider="pipelines", model_ids=model_ids)
    await registry.reload()
    await registry.settled()
    assert filters_of(registry, "a") == ([], "pipes")
    upstreams.models["pipes"] = []  # none at all is an answer, too
    await asyncio.gather(*registry.refresh_soon())
    assert filters_of(registry, "a") == ([], "")
    upstreams.models["pipes"] = down
    await asyncio.gather(*registry.refresh_soon())
    assert filters_of(registry, "a") == ([], "")


async def test_a_route_waits_for_the_filters_of_a_server_that_is_being_asked(
    registry, connect, upstreams
) -> None:
    await connect("one", ["a"])
    await connect("pipes", [GUARD], provider="pipelines")
    upstreams.gates["pipes"] = asyncio.Event()
    await registry.reload()
    await registry.settled(lambda: ids(registry) == ["a"])
    staff = a_caller(is_staff=True)
    routing = asyncio.create_task(route(registry, staff, "a", endpoint="chat/completions"))
    await asyncio.sleep(0)
    assert not routing.done()
    upstreams.gates["pipes"].set()
    [target], _ = await routing
    assert [each.id for each in target.filters] == ["guard"]


async def test_the_last_good_list_outlives_an_outage(registry, connect, upstreams) -> None:
    await connect("one", ["a"])
    await registry.reload()
    await registry.settled()
    upstreams.models["one"] = httpx.ConnectError("refused")
    await refreshed(registry)
    [entry] = registry.snapshot.view(a_caller(is_staff=True)).entries()
    assert (entry["id"], entry["stale"]) == ("a", True)
    upstreams.models["one"] = ["a", "b"]
    await refreshed(registry)
    entries = registry.snapshot.view(a_caller(is_staff=True)).entries()
    assert [(entry["id"], "stale" in entry) for entry in entries] == [("a", False), ("b", False)]


async def test_what_was_learned_of_targets_that_are_gone_is_forgotten(registry, connect) -> None:
    connection, gone = await connect("kept", ["a"]), await connect("gone", ["b"])
    await registry.reload()
    await registry.settled()
    known = {states.of((each.id, model)) for each, model in ((connection, "a"), (gone, "b"))}
    budgets = [retry_budgets.of(each.id) for each in (connection, gone)]
    await gone.adelete()
    await registry.reload()
    assert len(known.intersection(states.known())) == len(states.known()) == 1
    assert retry_budgets.of(connection.id) is budgets[0]
    assert retry_budgets.of(gone.id) is not budgets[1]


async def test_no_news_keeps_the_snapshot(registry, connect) -> None:
    await connect("one", ["a"])
    await registry.reload()
    await registry.settled()
    before = registry.snapshot
    await refreshed(registry)
    assert registry.snapshot is before


async def test_a_request_keeps_the_snapshot_it_took(registry, connect, upstreams) -> None:
    await connect("one", ["a"])
    await registry.reload()
    await registry.settled()
    taken = registry.snapshot
    upstreams.models["one"] = ["b"]
    await refreshed(registry)
    assert taken.view(a_caller(is_staff=True)).route("a")
    assert not registry.snapshot.view(a_caller(is_staff=True)).route("a")


@pytest.mark.parametrize("is_deleted", [True, False])
async def test_a_connection_that_is_gone_offers_nothing(registry, connect, is_deleted) -> None:
    row = await connect("one", ["a"])
    await connect("two", ["b"])
    await registry.reload()
    await registry.settled()
    if is_deleted:
        await row.adelete()
    else:
        await Connection.objects.filter(pk=row.pk).aupdate(is_enabled=False)
    await registry.reload()
    assert ids(registry) == ["b"]
    assert [connection.upstream.name for connection in registry.snapshot.connections] == ["two"]


async def test_an_answer_of_a_connection_that_is_gone_is_dropped(
    registry, connect, upstreams
) -> None:
    upstreams.gates["one"] = asyncio.Event()
    row = await connect("one", ["a"])
    await registry.reload()
    waiting = asyncio.create_task(registry.settled())
    await asyncio.sleep(0)
    await row.adelete()
    await registry.reload()
    upstreams.gates["one"].set()
    await waiting
    assert ids(registry) == []


async def test_an_unchanged_connection_keeps_its_line(registry, connect) -> None:
    row = await connect("one", ["a"])
    await connect("two", ["b"])
    await registry.reload()
    before = registry.snapshot.connections
    await Connection.objects.filter(pk=row.pk).aupdate(timeout_seconds=9)
    await registry.reload()
    after = registry.snapshot.connections
    assert after[0] is not before[0]
    assert after[1] is before[1]


async def test_a_new_worker_starts_with_the_lists_of_others(registry, connect) -> None:
    await connect("one", ["a"])
    await registry.reload()
    await registry.settled()
    silent = Upstreams()
    silent.models["one"] = None
    other = Registry(UpstreamClient(httpx.MockTransport(silent)))
    await other.reload()
    assert ids(other) == ["a"]
    async with asyncio.timeout(PATIENCE_SECONDS):
        await other.settled()
    await other.stop()


async def test_a_whitelist_chooses_from_what_is_listed_and_adds_to_it(registry, connect) -> None:
    await connect("one", [{"id": "a", "context": 8}, "b"], model_ids=["x", "a"])
    await registry.reload()
    assert ids(registry) == ["x", "a"]
    await refreshed(registry)
    assert ids(registry) == ["x", "a"]
    view = registry.snapshot.view(a_caller(is_staff=True))
    assert view.entry("a")["context"] == 8
    assert not view.route("b")


@pytest.mark.parametrize("models", [None, httpx.ConnectError("refused")])
async def test_a_whitelist_is_there_whatever_the_upstream_does(registry, connect, models) -> None:
    await connect("one", models, model_ids=["x"])
    async with asyncio.timeout(PATIENCE_SECONDS):
        await registry.reload()
        await registry.settled()
    assert ids(registry) == ["x"]


async def test_azure_is_never_asked(registry, connect, upstreams) -> None:
    await connect("one", ["a"], provider="azure", model_ids=["gpt"])
    await connect("two", ["a"], provider="azure")
    await registry.reload()
    await registry.settled()
    assert (ids(registry), upstreams.asked) == (["gpt"], {})


async def test_grants_count_after_a_reload(registry, connect) -> None:
    await connect("one", ["a"])
    await registry.reload()
    await registry.settled()
    assert not registry.snapshot.view(a_caller()).route("a")
    await ModelGrant.objects.acreate(pattern="a", everyone=True)
    await registry.reload()
    assert registry.snapshot.view(a_caller()).route("a")


async def test_a_switched_off_api_has_no_models(registry, connect, settings) -> None:
    settings.ENABLE_OPENAI_API = False
    await connect("one", ["a"])
    await registry.reload()
    assert (ids(registry), registry.snapshot.connections) == ([], ())


async def test_the_list_is_asked_for_with_the_connections_key(registry, connect) -> None:
    row = await connect("one")
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200, json=[])

    registry.client = UpstreamClient(httpx.MockTransport(answer))
    await database_sync_to_async(row.replace_keys)([KeySource(secret="sk-up")])
    await registry.reload()
    await registry.settled()
    assert seen == ["Bearer sk-up"]


async def test_a_registry_that_was_never_loaded_says_so(registry) -> None:
    with pytest.raises(RuntimeError):
        _ = registry.snapshot


async def test_one_worker_asks_and_the_others_hear(registry, connect, upstreams, services) -> None:
    parts.require("Redis", services.redis)
    upstreams.gates["one"] = asyncio.Event()
    await connect("one", ["a"])
    others = [Registry(registry.client) for _ in range(3)]
    await asyncio.gather(*(each.reload() for each in (registry, *others)))
    waiting = asyncio.gather(*(each.settled() for each in (registry, *others)))
    await asyncio.sleep(0.3)
    upstreams.gates["one"].set()
    await waiting
    assert upstreams.asked["one"] == 1
    assert [ids(each) for each in (registry, *others)] == [["a"]] * 4


async def test_what_one_worker_heard_of_an_outage_spares_the_others_to_ask(
    registry, connect, upstreams
) -> None:
    await connect("one", httpx.ConnectError("refused"))
    other = Registry(registry.client)
    for each in (registry, other):
        await each.reload()
        await each.settled()
    await refreshed(other, max_age=60)
    assert upstreams.asked["one"] == 1
    await other.stop()


async def test_new_models_are_announced_and_news_of_the_same_are_not(
    registry, connect, upstreams
) -> None:
    await connect("one", ["a"])
    await registry.reload()
    await registry.settled()
    before = await version()
    await refreshed(registry)
    assert await version() == before
    upstreams.models["one"] = ["a", "b"]
    await refreshed(registry)
    assert await version() == before + 1


async def test_an_edited_connection_keeps_its_list_while_its_upstream_is_silent(
    registry, connect, upstreams
) -> None:
    row = await connect("one", ["a"])
    await registry.reload()
    await registry.settled()
    upstreams.models["one"] = None
    await cache.aclear()
    await Connection.objects.filter(pk=row.pk).aupdate(prefix_id="p", priority=3)
    await registry.reload()
    assert ids(registry) == ["p.a"]


async def test_a_chat_waits_for_no_other_upstream_than_its_own(
    registry, connect, upstreams
) -> None:
    await connect("hole", None)
    await connect("good", ["a"])
    await registry.reload()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await registry.settled(lambda: "a" in ids(registry))
    assert registry.snapshot.view(a_caller(is_staff=True)).route("a")


async def test_a_registered_model_counts_after_a_reload(registry, connect) -> None:
    row = await connect("one", ["a", "b"])
    await registry.reload()
    await registry.settled()
    await RegisteredModel.objects.acreate(connection=row, model="a", public_id="alpha")
    await RegisteredModel.objects.acreate(connection=row, model="b", is_hidden=True)
    await registry.reload()
    assert ids(registry) == ["alpha"]


async def version() -> int:
    return (await database_sync_to_async(changes.current_versions)())[changes.Subject.CONFIGURATION]


async def refreshed(registry: Registry, *, max_age: float = 0.0) -> None:
    """Have every list renewed and wait for that."""
    await asyncio.gather(*registry.refresh_soon(max_age=max_age))

"""Measure the models registry at scale, in process: ``python -m benchmarks.models``.

5,000 models of 10 connections, 200 groups and 2,000 users with grants of their own. Prints what a
list costs a request, what a rebuild costs the event loop, and the memory of it all.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping
from uuid import UUID

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings.test")
django.setup()

from accounts.caller import Caller  # noqa: E402
from connections.calling.open_connection import OpenConnection  # noqa: E402
from connections.configuration.options import Options  # noqa: E402
from connections.upstream import Upstream  # noqa: E402
from models_registry.building import SnapshotBuilder  # noqa: E402
from models_registry.grants import Grants  # noqa: E402
from models_registry.listings import Listing  # noqa: E402
from models_registry.loader import Configuration  # noqa: E402
from models_registry.snapshot import Snapshot  # noqa: E402

CONNECTIONS, MODELS_EACH, GROUPS, USERS = 10, 500, 200, 2000


def main() -> None:
    before = rss_mb()
    configuration, listings = a_large_gateway()
    builder = SnapshotBuilder()
    cold = seconds(lambda: builder.build(configuration, listings))
    snapshot = builder.build(configuration, listings)
    user = a_caller(7)
    again = rebuild_seconds(builder, configuration, listings)
    lag = worst_lag(configuration, listings)
    first = seconds(lambda: chat_list(snapshot, user))
    listed = warm(lambda: chat_list(snapshot, user))
    all_listed = warm(lambda: chat_list(snapshot, STAFF))
    routed = warm(lambda: snapshot.view(user).route("model-0042"))
    rows = [
        ("build, cold", f"{cold * 1e3:.0f} ms"),
        ("build, one connection new", f"{again * 1e3:.0f} ms"),
        ("loop lag while rebuilding, worst", f"{lag * 1e3:.1f} ms"),
        ("list of one caller, first", f"{first * 1e3:.2f} ms"),
        ("list of one caller, warm p50", f"{listed:.1f} µs"),
        ("list of all for staff, warm p50", f"{all_listed:.1f} µs"),
        ("route of one model, p50", f"{routed:.1f} µs"),
        ("models for that caller", f"{len(snapshot.view(user).entries())}"),
        ("bytes of the whole list", f"{len(chat_list(snapshot, STAFF)) / 2**20:.1f} MB"),
        ("memory of it all", f"{rss_mb() - before:.0f} MB"),
    ]
    print(f"{CONNECTIONS * MODELS_EACH} models, {GROUPS} groups, {USERS} users")
    for label, value in rows:
        print(f"  {label:<38}{value:>14}")


def a_large_gateway() -> tuple[Configuration, dict[OpenConnection, Listing]]:
    listings = {}
    for number in range(CONNECTIONS):
        upstream = Upstream(
            id=number,
            name=f"connection-{number}",
            url_index=number,
            provider="compatible",
            base_url=f"https://upstream-{number}.example/v1",
            auth_type="none",
            tags=("bench",),
        )
        listings[OpenConnection.open(upstream)] = a_listing(number)
    grants = Grants(
        everyone=frozenset({"connection-0/*"}),
        by_group={
            group: frozenset({f"model-{group:02d}*", "*-7", f"*{group}*z*"})
            for group in range(GROUPS)
        },
        by_user={
            user: frozenset({f"model-{user:04d}", f"connection-{user % 10}/model-*{user % 97}"})
            for user in range(USERS)
        },
    )
    options = Options(
        enable_openai_api=True,
        bypass_model_access_control=False,
        models_cache_ttl=1,
        forward_user_info_headers=False,
    )
    return Configuration(upstreams=[], grants=grants, options=options), listings


def a_listing(connection: int) -> Listing:
    """A tenth of the models is offered by the connection before, too."""
    first = connection * MODELS_EACH - (MODELS_EACH // 10 if connection else 0)
    models = tuple(
        {
            "id": f"model-{number:04d}",
            "object": "model",
            "created": 1_700_000_000 + number,
            "owned_by": "bench",
            "description": "A model that is described at some length. " * 4,
            "context_length": 128_000,
            "pricing": {"prompt": "0.0000005", "completion": "0.0000015"},
        }
        for number in range(first, first + MODELS_EACH)
    )
    return Listing(models=models, asked_at=time.time())


def a_caller(number: int, *, is_staff: bool = False) -> Caller:
    return Caller(
        user_id=number,
        username=f"user-{number}",
        email="",
        display_name="",
        is_staff=is_staff,
        group_ids=frozenset(range(number % 20, GROUPS, 20)),
        key_id=UUID(int=number),
        key_hint="",
    )


STAFF = a_caller(0, is_staff=True)


def chat_list(snapshot: Snapshot, caller: Caller) -> bytes:
    return snapshot.view(caller).for_chat().rendered


def rebuild_seconds(
    builder: SnapshotBuilder,
    configuration: Configuration,
    listings: Mapping[OpenConnection, Listing],
) -> float:
    changed = dict(listings)
    changed[next(iter(changed))] = Listing(models=a_listing(3).models, asked_at=time.time())
    return seconds(lambda: builder.build(configuration, changed))


def worst_lag(configuration: Configuration, listings: Mapping[OpenConnection, Listing]) -> float:
    """The longest that a loop with something to do every 2 ms was late, over 5 cold builds."""

    async def measure() -> float:
        build = asyncio.to_thread(SnapshotBuilder().build, configuration, listings)
        building = asyncio.create_task(build)
        worst = 0.0
        while not building.done():
            started = time.perf_counter()
            await asyncio.sleep(0.002)
            worst = max(worst, time.perf_counter() - started - 0.002)
        await building
        return worst

    return max(asyncio.run(measure()) for _ in range(5))


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def warm(work: Callable[[], object], runs: int = 2000) -> float:
    """The median in microseconds."""
    work()
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1e6


def rss_mb() -> float:
    return psutil.Process().memory_info().rss / 2**20


if __name__ == "__main__":
    main()

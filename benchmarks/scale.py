"""Whether a request costs more among many users, keys, grants and models than among few.

``python -m benchmarks.scale`` asks the API within this process, over an upstream without a network,
first among 10 of each, then among 10,000. The CPU time is that of a request and its record.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import orjson
from channels.db import database_sync_to_async

from benchmarks.drain import prepare

FEW, MANY = 10, 10_000
ANSWER = b'{"choices":[{"message":{"content":"Hi"}}],"usage":{"prompt_tokens":3}}'
ROUNDS = 5


class Answer(httpx.AsyncByteStream):
    async def __aiter__(self) -> Any:
        yield ANSWER


async def upstream(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404 if request.method == "GET" else 200, stream=Answer())


def populate(scale: int) -> list[str]:
    """``scale`` users with a grant and a key each, and models; some of the keys."""
    from accounts.models import ApiKey, User
    from connections.models import Connection
    from models_registry.models import ModelGrant

    known = User.objects.count()
    users = User.objects.bulk_create(User(username=f"user-{n}") for n in range(known, scale))
    ModelGrant.objects.bulk_create(ModelGrant(user=user, pattern="model-*") for user in users)
    rows = [ApiKey(user=user, scopes=["inference"]) for user in users]
    keys = [row.assign_key() for row in rows]
    ApiKey.objects.bulk_create(rows)
    Connection.objects.filter(name="openai").update(
        model_ids=[f"model-{n}" for n in range(scale)], auth_type="none"
    )
    return keys


async def ask(handler: Any, key: str, model: str) -> None:
    """One chat, from its first byte to the record of it."""
    body = orjson.dumps({"model": model, "messages": []})
    fields = {"host": "localhost", "authorization": f"Bearer {key}"}
    fields |= {"content-type": "application/json", "content-length": str(len(body))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/chat/completions",
        "raw_path": b"/v1/chat/completions",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "extensions": {},
    }
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return parts.pop() if parts else await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: dict[str, Any]) -> None:
        if message.get("status", 200) != 200:
            raise SystemExit(f"a request was answered with {message['status']}")

    await handler(scope, receive, send)


async def measured(directory: Path, requests: int) -> dict[int, float]:
    """Microseconds of CPU for a request, by scale; the best of several rounds."""
    from connections.calling.client import UpstreamClient
    from models_registry.registry import Registry, activate
    from proxy.client_side.handler import ApiHandler
    from usage.in_flight import in_flight
    from usage.journal import Journal
    from usage.ledger import Ledger

    ledger = Ledger(Journal(directory), metrics_directory=directory, request_log=None)
    in_flight.on_close(ledger.close)
    handler, keys, found = ApiHandler(), [], {}
    for scale in (FEW, MANY):
        keys += await database_sync_to_async(populate)(scale)
        registry = Registry(UpstreamClient(httpx.MockTransport(upstream)))
        await registry.reload()
        activate(registry)
        for number, key in enumerate(keys):  # every key is known, every model has its figures
            await ask(handler, key, f"model-{number}")
        rounds = []
        for _ in range(ROUNDS):
            begun = time.process_time()
            for number in range(requests):
                here = number * 7919 % scale
                await ask(handler, keys[here], f"model-{here}")
            rounds.append((time.process_time() - begun) / requests * 1e6)
        found[scale] = min(rounds)
        activate(None)
        await registry.stop()
    in_flight.forget(ledger.close)
    ledger.journal.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name), "")
        found = asyncio.run(measured(Path(name) / "journal", arguments.requests))
    for scale, microseconds in found.items():
        print(f"{scale:>8,} of each: {microseconds:.0f} µs of CPU per request")
    print(f"ratio {found[MANY] / found[FEW]:.2f}")


if __name__ == "__main__":
    main()

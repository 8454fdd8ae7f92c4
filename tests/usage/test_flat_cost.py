"""What a request costs does not depend on how many keys, users, grants and models there are.

Counted are calls of functions, Python's and C's, from the request to its record: the same requests
make the same ones, however slow the machine. Work within a call is not seen; docs/performance.md
has it measured.
"""

import gc
import sys
import time
from collections import Counter
from contextlib import contextmanager
from uuid import UUID

import httpx
import pytest
from channels.db import database_sync_to_async

from accounts.caller_lookup import KnownCaller
from accounts.callers import callers
from accounts.models import ApiKey, User
from connections.calling.client import UpstreamClient
from connections.models import Connection
from models_registry.models import ModelGrant
from models_registry.registry import Registry, activate
from proxy.client_side.handler import ApiHandler
from resilience.states import states
from tests.support.builders import Chunks, a_caller
from tests.usage.in_process import chat
from tests.usage.records import a_record
from usage.in_flight import in_flight
from usage.journal import Journal
from usage.ledger import Ledger
from usage.request_log import RequestLog

FEW, MANY = 10, 10_000
EVENT = b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n'
END = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


async def answer(request):
    if request.method == "GET":
        return httpx.Response(404)
    is_streamed = b'"stream":true' in await request.aread()
    parts = (EVENT, END) if is_streamed else (b'{"choices": [], "usage": {"prompt_tokens": 3}}',)
    return httpx.Response(200, stream=Chunks(*parts))


def grow(numbers, ledger):
    """A user with a grant and a key, and a model, for each of ``numbers``."""
    users = User.objects.bulk_create(User(username=f"user-{n}") for n in numbers)
    ModelGrant.objects.bulk_create(
        ModelGrant(user=user, pattern=f"model-{n}") for n, user in zip(numbers, users, strict=True)
    )
    for user in users:
        caller = a_caller(user_id=user.pk, username=user.username, key_id=UUID(int=user.pk))
        known = KnownCaller(caller=caller, read_at=time.monotonic(), expires_at=None)
        callers._known[f"{user.pk:064x}"] = known
    for n in numbers:
        ledger.metrics.count(a_record(upstream_model=f"model-{n}"))
    Connection.objects.update_or_create(
        name="one",
        defaults={
            "base_url": "https://one.example/v1",
            "auth_type": "none",
            "model_ids": [f"model-{n}" for n in range(numbers.stop)],
        },
    )


def key_of(username):
    return ApiKey.objects.issue(User.objects.get(username=username))[1]


@pytest.fixture
def ledger(tmp_path):
    lines = []
    ledger = Ledger(
        Journal(tmp_path / "journal"),
        metrics_directory=tmp_path / "metrics",
        request_log=RequestLog("json", write=lines.append),
    )
    in_flight.on_close(ledger.close)
    yield ledger
    in_flight.forget(ledger.close)
    ledger.journal.close()
    callers._known.clear()


@contextmanager
def counted_calls():
    """How often each function is called until the block is left."""
    calls = Counter()

    def note(frame, event, argument):
        if event == "call":
            calls[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            calls[argument.__qualname__] += 1

    gc.disable()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        gc.enable()


async def calls_of_warm_requests(key):
    """Those of a chat and those of a streamed one, when everything that is kept is there."""
    states.reset()  # a breaker looks more closely once it has heard of ten requests
    registry = Registry(UpstreamClient(httpx.MockTransport(answer)))
    await registry.reload()
    activate(registry)
    handler = ApiHandler()

    async def calls_of(**fields):
        with counted_calls() as calls:
            client = await chat(key, model="model-5", **fields).through(handler)
        assert client.status == 200
        return calls

    try:
        return [
            min([await calls_of(stream=flag) for _ in range(6)], key=Counter.total)
            for flag in (False, True)
        ]
    finally:
        activate(None)
        await registry.stop()


@pytest.mark.django_db(transaction=True)
async def test_a_request_makes_as_many_calls_among_many_as_among_few(ledger):
    await database_sync_to_async(grow)(range(FEW), ledger)
    key = await database_sync_to_async(key_of)("user-5")
    few = await calls_of_warm_requests(key)
    await database_sync_to_async(grow)(range(FEW, MANY), ledger)
    many = await calls_of_warm_requests(key)
    assert min(calls.total() for calls in few) > 100
    assert not [name for name in few[0] if name.endswith(("execute", "run_in_executor"))]
    assert many == few

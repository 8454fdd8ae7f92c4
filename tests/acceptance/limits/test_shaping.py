"""Limits of a connection and its keys hold over all workers, and no client is refused too early."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.acceptance.resilience.routed import EVERYBODY, SETTINGS
from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import TWO_WORKERS, LiveGateway
from tests.support.responders import complete_chat
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

MODEL = "shaped"
MAKE = """
from connections.models import ConnectionKey
from limits.models import Limit
for key in ConnectionKey.objects.filter(connection__name="one"):
    Limit.objects.create(
        label=f"key {key.pk}", subject_kind="connection_key", connection_key=key,
        metric="requests", amount=3, window="hour",
    )
"""


@pytest.fixture(scope="module")
def upstream(crew: LiveGateway) -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=(MODEL,)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def key(crew: LiveGateway, upstream: ScriptedUpstream) -> str:
    """Of a user of a gateway whose workers all know the limits, as they start with them."""
    connection = {
        "name": "one",
        "base_url": upstream.url,
        "keys": ["sk-first", "sk-second"],
        "model_ids": [MODEL],
    }
    policy = {"name": "at once", "default": True, "patience_seconds": 0}
    key = crew.configured_for(
        "alice",
        connections=[connection],
        policies=[policy],
        grants=EVERYBODY,
        settings=SETTINGS,
    )
    crew.manage("shell", "--no-imports", "-c", MAKE)
    crew.stop()
    crew.start(*(TWO_WORKERS if "redis" in crew.backing else ()))
    with client_of(crew, key) as client:
        wait_for_models(client, MODEL)
    return key


def test_each_key_is_sent_what_its_limit_says_and_all_of_it_is_used(
    crew: LiveGateway, key: str, upstream: ScriptedUpstream
) -> None:
    upstream.on("POST", CHAT, complete_chat)

    def ask(_: int) -> httpx.Response:
        with client_of(crew, key) as client:
            return client.post(CHAT, json=chat_body(MODEL))

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 6, 503: 4}
    asked = Counter(call.header("authorization") for call in upstream.calls if CHAT in call.target)
    assert asked == {"Bearer sk-first": 3, "Bearer sk-second": 3}
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["error"]["code"] == "all_targets_cooling"
            assert 1 <= int(answer.headers["retry-after"]) <= 1200

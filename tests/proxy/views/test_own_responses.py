"""Responses that the gateway keeps, seen from its views: what may go wrong, and who sees what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from channels.db import database_sync_to_async

from models_registry.registry import active
from proxy.client_side.errors import InvalidRequestError
from proxy.filters.chain import filter_classes
from proxy.models import OwnResponse
from proxy.views.own_responses import first_event
from tests.support.asgi import AsgiClient
from tests.support.faulty_database import without_table

pytestmark = pytest.mark.django_db(transaction=True)

BODY = {"model": "m", "input": "Hello secret"}
CHOICE = {
    "index": 0,
    "message": {"role": "assistant", "content": "A secret"},
    "finish_reason": "stop",
}
COMPLETION = {"id": "c", "object": "chat.completion", "choices": [CHOICE]}


seen: list[Any] = []  # the bodies that the filter was shown


class Redacting:
    """Leaves nothing of an answer but its id."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    async def inlet(self, body: Any, caller: Any) -> Any:
        seen.append(body)
        return body

    async def outlet(self, answer: Any, caller: Any) -> Any:
        return {"id": answer.get("id"), "redacted": True}


@pytest.fixture
async def ask_for_chat(upstream, api, ask) -> Any:
    """Asks an upstream that is known to have no Responses."""
    upstream.answer = COMPLETION
    [connection] = active().snapshot.connections
    connection.lacking.note("responses")
    return ask


@pytest.fixture
def filtered(settings) -> Any:
    seen.clear()
    settings.GATEWAY_FILTERS = [f"{__name__}.{Redacting.__name__}"]
    filter_classes.cache_clear()
    yield seen
    filter_classes.cache_clear()


@asynccontextmanager
async def store_down() -> AsyncIterator[None]:
    """The database fails whoever asks for kept responses."""
    fault = without_table(OwnResponse)
    await database_sync_to_async(fault.__enter__)()
    try:
        yield
    finally:
        await database_sync_to_async(fault.__exit__)(None, None, None)


async def get(api: Any, key: str, path: str) -> AsgiClient:
    return await AsgiClient("GET", path, headers={"authorization": f"Bearer {key}"}).through(api)


@pytest.mark.parametrize("is_streamed", [False, True])
async def test_an_answer_comes_though_the_database_is_down(ask_for_chat, is_streamed):
    async with store_down():
        client = await ask_for_chat("/v1/responses", BODY | {"stream": is_streamed})
    assert client.status == 200
    if is_streamed:
        last = client.body.split(b"event: ")[-1]
        assert last.startswith(b"response.completed")
        assert b'"store":false' in last
    else:
        assert client.json["store"] is False


async def test_a_store_that_is_down_is_told_to_who_goes_on(ask_for_chat):
    made = (await ask_for_chat("/v1/responses", BODY)).json
    async with store_down():
        client = await ask_for_chat("/v1/responses", BODY | {"previous_response_id": made["id"]})
    assert (client.status, client.json["error"]["code"]) == (503, "store_unavailable")


async def test_filters_see_what_is_gone_on_from_and_what_is_read_again(
    ask_for_chat, filtered, api, key
):
    made = (await ask_for_chat("/v1/responses", BODY)).json
    assert made["redacted"]
    await ask_for_chat("/v1/responses", BODY | {"previous_response_id": made["id"]})
    texts = [item["content"] for item in filtered[-1]["input"]]
    assert texts[0][0]["text"] == "Hello secret"
    assert texts[1][0]["text"] == "A secret"
    for below in ("", "/input_items"):
        assert (await get(api, key, f"/v1/responses/{made['id']}{below}")).json["redacted"]


async def test_where_nothing_is_kept_that_is_said(ask_for_chat, settings, api, key):
    settings.GATEWAY_KEEPS_RESPONSES = False
    client = await ask_for_chat("/v1/responses", BODY | {"store": True})
    assert client.json["store"] is False
    assert client.headers["x-gateway-dropped-params"] == "store"
    assert (await get(api, key, f"/v1/responses/{client.json['id']}")).status == 404


def test_the_first_event_is_behind_the_one_that_is_named():
    assert [first_event({}), first_event({"starting_after": "3"})] == [0, 4]
    for text in ("x", "-1", "", "\u0663", "1" * 10):
        with pytest.raises(InvalidRequestError) as caught:
            first_event({"starting_after": text})
        assert caught.value.param == "starting_after"


@pytest.mark.parametrize("path", ["/v1/responses/compact", "/v1/responses/input_tokens"])
async def test_other_endpoints_of_an_input_see_all_of_it(ask_for_chat, upstream, path):
    made = (await ask_for_chat("/v1/responses", BODY)).json
    upstream.answer = {"id": "resp_1", "object": "response.compaction", "output": []}
    assert (await ask_for_chat(path, BODY | {"previous_response_id": made["id"]})).status == 200
    assert [item.get("id") for item in upstream.body["input"]] == [None, None, None]
    assert "previous_response_id" not in upstream.body

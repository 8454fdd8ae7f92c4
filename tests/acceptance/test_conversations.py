"""OpenAI's Conversations API through the real SDK: kept by the gateway, for their owner alone."""

from __future__ import annotations

import openai
import pytest

from tests.support.api import client_of
from tests.support.stores import on_one_backing

pytestmark = [pytest.mark.acceptance, on_one_backing]

HELLO = {"type": "message", "role": "user", "content": "Hello"}


@pytest.fixture
def sdk(gateway):
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1",
        api_key=gateway.api_key("alice"),
        max_retries=0,
        _strict_response_validation=True,
    ) as sdk:
        yield sdk


@pytest.fixture
def another(gateway):
    key = gateway.api_key("bob")
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as sdk:
        yield sdk


def test_the_paths_are_openais(gateway):
    with client_of(gateway, gateway.api_key("alice")) as client:
        made = client.post("/v1/conversations", json={"items": [HELLO]}).json()
        listed = client.get(f"/v1/conversations/{made['id']}/items").json()
    assert [item["role"] for item in listed["data"]] == ["user"]


def test_a_conversation_is_made_changed_and_deleted(sdk):
    made = sdk.conversations.create(metadata={"team": "red"}, items=[HELLO])
    assert made.id.startswith("conv_")
    assert sdk.conversations.retrieve(made.id).metadata == {"team": "red"}
    assert sdk.conversations.update(made.id, metadata={"team": "blue"}).metadata == {"team": "blue"}
    assert sdk.conversations.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        sdk.conversations.retrieve(made.id)


def test_items_are_added_paged_read_and_deleted(sdk):
    made = sdk.conversations.create()
    texts = [str(number) for number in range(5)]
    added = sdk.conversations.items.create(
        made.id, items=[HELLO | {"content": text} for text in texts]
    )
    listed = list(sdk.conversations.items.list(made.id, limit=2, order="asc"))
    assert [item.id for item in listed] == [item.id for item in added.data]
    newest = sdk.conversations.items.list(made.id).data[0]
    assert newest.content[0].text == "4"
    assert sdk.conversations.items.retrieve(newest.id, conversation_id=made.id) == newest
    sdk.conversations.items.delete(newest.id, conversation_id=made.id)
    assert len(list(sdk.conversations.items.list(made.id))) == 4


def test_a_conversation_is_its_owners_alone(sdk, another):
    made = sdk.conversations.create(items=[HELLO])
    [item] = sdk.conversations.items.list(made.id).data
    attempts = [
        lambda: another.conversations.retrieve(made.id),
        lambda: another.conversations.update(made.id, metadata={}),
        lambda: another.conversations.delete(made.id),
        lambda: another.conversations.items.list(made.id),
        lambda: another.conversations.items.create(made.id, items=[HELLO]),
        lambda: another.conversations.items.retrieve(item.id, conversation_id=made.id),
        lambda: another.conversations.items.delete(item.id, conversation_id=made.id),
    ]
    for attempt in attempts:
        with pytest.raises(openai.NotFoundError):
            attempt()
    assert sdk.conversations.items.list(made.id).data == [item]


WRONG = {
    "metadata that is no object": ({"metadata": "red"}, "metadata"),
    "a long value": ({"metadata": {"a": "x" * 513}}, "metadata"),
    "many pairs": ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
    "items that are no array": ({"items": "Hello"}, "items"),
    "many items": ({"items": [HELLO] * 21}, "items"),
    "an item that is none": ({"items": ["Hello"]}, "items[0]"),
    "a reference": ({"items": [{"type": "item_reference", "id": "msg_1"}]}, "items[0]"),
}


@pytest.mark.parametrize(("body", "param"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(sdk, body, param):
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.conversations.create(extra_body=body)
    assert caught.value.param == param


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"order": "up"}])
def test_a_page_that_is_none_is_refused(sdk, query):
    made = sdk.conversations.create()
    with pytest.raises(openai.BadRequestError):
        sdk.conversations.items.list(made.id, extra_query=query)


@pytest.mark.parametrize("id_", ["conv_1", "conv_gw_" + "0" * 32, "%00"])
def test_an_id_that_leads_nowhere_is_not_found(sdk, id_):
    with pytest.raises(openai.NotFoundError):
        sdk.conversations.retrieve(id_)

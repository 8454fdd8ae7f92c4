"""Requests that go on from what the gateway keeps say all by themselves afterwards."""

from __future__ import annotations

import pytest

from accounts.models import User
from proxy.client_side.errors import ApiError
from proxy.conversations import conversations
from proxy.conversations.going_on import going_on, keep
from proxy.conversations.ids import CONVERSATION, RESPONSE, new_id

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user_id():
    return User.objects.create_user("ada").pk


def answer(text: str) -> dict:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    item = {"id": f"msg_{text}", "type": "message", "role": "assistant", "content": content}
    return {"id": new_id(RESPONSE), "status": "completed", "output": [item]}


def texts(body: dict) -> list[str]:
    return [
        item["content"] if isinstance(item["content"], str) else item["content"][0]["text"]
        for item in body["input"]
    ]


async def test_a_request_that_goes_on_from_nothing_stays_as_it_is(user_id):
    body = {"model": "m", "input": "Hi", "previous_response_id": "resp_of_an_upstream"}
    going = await going_on(body, user_id)
    assert going.body is body


async def test_an_upstreams_response_is_told_with_what_it_goes_on_from(user_id):
    first = await going_on({"input": "One"}, user_id)
    made = answer("Uno")
    assert await keep(first, made, user_id)
    later = {"id": "resp_7", "previous_response_id": None}
    assert not first.names_own
    assert first.told(later) == later
    second = await going_on({"input": "Two", "previous_response_id": made["id"]}, user_id)
    assert second.names_own
    told = {"id": "resp_7", "previous_response_id": made["id"]}
    assert second.told(later) == told
    assert second.told_in({"type": "x", "response": later}) == {"type": "x", "response": told}
    assert second.told_in({"delta": "response"}) == {"delta": "response"}
    conversation = (await conversations.create(user_id, {}, []))["id"]
    third = await going_on({"input": "Hi", "conversation": conversation}, user_id)
    assert third.told({"id": "resp_7"})["conversation"] == {"id": conversation}


async def test_a_request_goes_on_from_a_response(user_id):
    first = await going_on({"input": "One", "instructions": "Be brief."}, user_id)
    made = answer("Uno")
    assert await keep(first, made, user_id)
    second = await going_on({"input": "Two", "previous_response_id": made["id"]}, user_id)
    assert texts(second.body) == ["One", "Uno", "Two"]
    assert second.body.keys() == {"input"}  # instructions are not carried over
    other = answer("Dos")
    assert await keep(second, other, user_id)
    third = await going_on({"input": "Three", "previous_response_id": other["id"]}, user_id)
    assert texts(third.body) == ["One", "Uno", "Two", "Dos", "Three"]


@pytest.mark.parametrize("given", [{"store": False}, {}])
async def test_what_is_not_to_be_kept_is_not(user_id, settings, given):
    settings.GATEWAY_KEEPS_RESPONSES = bool(given)
    made = answer("Uno")
    assert await keep(await going_on({"input": "One", **given}, user_id), made, user_id)
    with pytest.raises(ApiError, match="not found"):
        await going_on({"input": "Two", "previous_response_id": made["id"]}, user_id)


@pytest.mark.parametrize("is_object", [False, True])
async def test_a_request_goes_on_with_a_conversation(user_id, is_object):
    item = {"id": "msg_0", "type": "message", "role": "user", "content": "Zero"}
    made = await conversations.create(user_id, {}, [item])
    named = {"id": made["id"]} if is_object else made["id"]
    for asked, said in (("One", "Uno"), ("Two", "Dos")):
        body = {"input": asked, "conversation": named, "store": False}
        assert await keep(await going_on(body, user_id), answer(said), user_id)
    going = await going_on({"input": "Three", "conversation": named}, user_id)
    assert texts(going.body) == ["Zero", "One", "Uno", "Two", "Dos", "Three"]
    assert going.body.keys() == {"input"}


async def test_a_reference_to_an_item_of_the_history_is_that_item(user_id):
    made = answer("Uno")
    await keep(await going_on({"input": "One"}, user_id), made, user_id)
    reference = {"type": "item_reference", "id": "msg_Uno"}
    body = {"input": [reference], "previous_response_id": made["id"]}
    assert texts((await going_on(body, user_id)).body) == ["One", "Uno"]


@pytest.mark.parametrize("name", ["previous_response_id", "conversation"])
async def test_nobody_goes_on_from_what_is_anothers(user_id, name):
    if name == "conversation":
        id_ = (await conversations.create(user_id, {}, []))["id"]
    else:
        made = answer("Uno")
        await keep(await going_on({"input": "One"}, user_id), made, user_id)
        id_ = made["id"]
    with pytest.raises(ApiError, match="not found"):
        await going_on({"input": "Two", name: id_}, user_id + 1)


async def test_one_cannot_go_on_from_both(user_id):
    body = {
        "input": "Hi",
        "previous_response_id": new_id(RESPONSE),
        "conversation": new_id(CONVERSATION),
    }
    with pytest.raises(ApiError, match="exclude each other"):
        await going_on(body, user_id)


async def test_an_answer_whose_conversation_was_deleted_is_not_lost(user_id):
    made = await conversations.create(user_id, {}, [])
    going = await going_on({"input": "One", "conversation": made["id"]}, user_id)
    await conversations.delete(user_id, made["id"])
    assert not await keep(going, answer("Uno"), user_id)

"""Responses that the gateway keeps: the owner's alone, encrypted, bounded, and chained."""

from __future__ import annotations

from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from accounts.models import User
from proxy.client_side.errors import ApiError
from proxy.conversations import responses, rows
from proxy.conversations.ids import RESPONSE, new_id
from proxy.conversations.responses import OwnResponses
from proxy.conversations.rows import KeptResponse
from proxy.models import OwnItem, OwnResponse
from tests.support.faulty_database import without_table

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "a most private remark"


@pytest.fixture
def user_id():
    return User.objects.create_user("ada").pk


@pytest.fixture
def store():
    return OwnResponses()


def said(text: str = "Hi", *, ancestors: tuple[str, ...] = ()) -> KeptResponse:
    item = {"id": f"msg_{text}", "type": "message", "role": "user", "content": text}
    answer = {"id": f"msg_re_{text}", "type": "message", "role": "assistant", "content": "Oh"}
    response = {"id": new_id(RESPONSE), "status": "completed", "output": [answer]}
    return KeptResponse(response=response, input=[item], ancestors=ancestors)


async def kept(store, user_id, *texts: str) -> list[KeptResponse]:
    """Responses that each go on from the one before."""
    made: list[KeptResponse] = []
    for text in texts:
        made.append(said(text, ancestors=tuple(each.id for each in made)))
        assert await store.keep(user_id, made[-1])
    return made


async def test_what_is_kept_is_found_by_its_owner_alone(store, user_id):
    [first] = await kept(store, user_id, "Hi")
    assert await store.find(user_id, first.id) == first
    with pytest.raises(ApiError) as caught:
        await store.find(user_id + 1, first.id)
    assert (caught.value.status, caught.value.code) == (404, "response_not_found")


async def test_a_history_is_all_that_was_asked_and_said(store, user_id):
    made = await kept(store, user_id, "a", "b", "c")
    history = await store.history(user_id, made[-1].id)
    assert [item["id"] for item in history.items] == [
        id_ for text in "abc" for id_ in (f"msg_{text}", f"msg_re_{text}")
    ]
    assert history.ancestors == tuple(each.id for each in made)
    with pytest.raises(ApiError, match="not found"):
        await store.history(user_id + 1, made[-1].id)


async def test_one_can_go_on_twice_from_the_same(store, user_id):
    first, second = await kept(store, user_id, "a", "b")
    other = said("c", ancestors=(first.id,))
    await store.keep(user_id, other)
    history = await store.history(user_id, other.id)
    assert {item["id"] for item in history.items} == {"msg_a", "msg_re_a", "msg_c", "msg_re_c"}
    assert second.id not in history.ancestors


async def test_a_deleted_response_leaves_nothing_to_go_on_from(store, user_id):
    first, second = await kept(store, user_id, "a", "b")
    await store.forget(user_id, first.id)
    with pytest.raises(ApiError) as caught:
        await store.history(user_id, second.id)
    assert caught.value.code == "previous_response_not_found"
    with pytest.raises(ApiError, match="not found"):
        await store.forget(user_id, first.id)


async def test_nobody_deletes_what_is_anothers(store, user_id):
    [first] = await kept(store, user_id, "a")
    with pytest.raises(ApiError, match="not found"):
        await store.forget(user_id + 1, first.id)
    assert await store.find(user_id, first.id) == first


async def test_items_are_found_by_their_owner_alone(store, user_id):
    first, second = await kept(store, user_id, "a", "b")
    wanted = ["msg_re_a", "msg_re_b", "msg_a", "msg_unknown"]
    found = await store.items(user_id, wanted)
    assert found == {"msg_re_a": first.output[0], "msg_re_b": second.output[0]}
    assert await store.items(user_id + 1, wanted) == {}
    await store.forget(user_id, first.id)
    assert set(await store.items(user_id, wanted)) == {"msg_re_b"}


async def test_more_items_than_are_sent_again_are_refused(store, user_id, settings):
    await kept(store, user_id, "a", "b")
    sizes = await database_sync_to_async(list)(OwnResponse.objects.values_list("size", flat=True))
    settings.GATEWAY_CONVERSATION_BYTES = max(sizes)
    assert await store.items(user_id, ["msg_re_a"])
    with pytest.raises(ApiError, match="larger than"):
        await store.items(user_id, ["msg_re_a", "msg_re_b"])


async def test_items_end_with_their_responses(store, user_id, settings):
    made = await kept(store, user_id, "a", "b", "c")
    await database_sync_to_async(rows.cut)(user_id, most=1, most_bytes=2**30)
    left = database_sync_to_async(
        lambda: list(OwnItem.objects.values_list("response_id", flat=True))
    )
    assert await left() == [made[-1].id]
    settings.GATEWAY_CONVERSATION_DAYS = 0
    await database_sync_to_async(rows.prune)()
    assert await left() == []


async def test_the_database_sees_nothing_of_it(store, user_id):
    await kept(store, user_id, SECRET)
    row = await OwnResponse.objects.aget()
    assert SECRET not in str(row.__dict__)


async def test_a_row_that_was_moved_to_another_user_is_not_read(store, user_id):
    [first] = await kept(store, user_id, "a")
    thief = await database_sync_to_async(User.objects.create_user)("eve")
    await OwnResponse.objects.aupdate(user=thief)
    with pytest.raises(ApiError) as caught:
        await store.find(thief.pk, first.id)
    assert caught.value.code == "store_unreadable"


async def test_what_is_too_old_is_gone(store, user_id, settings):
    [first] = await kept(store, user_id, "a")
    past = timezone.now() - timedelta(days=settings.GATEWAY_CONVERSATION_DAYS + 1)
    await OwnResponse.objects.aupdate(created_at=past)
    with pytest.raises(ApiError, match="not found"):
        await store.find(user_id, first.id)
    await database_sync_to_async(rows.prune)()
    assert await OwnResponse.objects.acount() == 0


async def test_a_response_too_large_is_not_kept(store, user_id, settings):
    settings.GATEWAY_CONVERSATION_BYTES = 2000
    assert not await store.keep(user_id, said("x" * 3000))
    assert await OwnResponse.objects.acount() == 0


async def test_a_history_too_large_is_refused(store, user_id, settings):
    made = await kept(store, user_id, "a" * 500, "b" * 500, "c" * 500)
    settings.GATEWAY_CONVERSATION_BYTES = 2000
    with pytest.raises(ApiError) as caught:
        await store.history(user_id, made[-1].id)
    assert caught.value.code == "conversation_too_large"


async def test_a_chain_has_an_end(store, user_id, monkeypatch):
    monkeypatch.setattr(responses, "LONGEST_CHAIN", 2)
    made = await kept(store, user_id, "a", "b")
    with pytest.raises(ApiError) as caught:
        await store.history(user_id, made[-1].id)
    assert caught.value.code == "conversation_too_large"


@pytest.mark.parametrize(
    "cap", [{"GATEWAY_STORED_RESPONSES_PER_USER": 3}, {"GATEWAY_CONVERSATION_BYTES_PER_USER": 2500}]
)
async def test_a_users_oldest_go_first(store, user_id, settings, cap):
    for name, value in cap.items():
        setattr(settings, name, value)
    made = await kept(store, user_id, *"abcdefghij")
    left = [each async for each in OwnResponse.objects.order_by("pk")]
    assert 0 < len(left) < len(made)
    assert left[-1].response_id == made[-1].id
    bytes_left = sum(each.size for each in left)
    assert len(left) <= settings.GATEWAY_STORED_RESPONSES_PER_USER
    assert bytes_left <= settings.GATEWAY_CONVERSATION_BYTES_PER_USER


@pytest.fixture
def down():
    with without_table(OwnResponse):
        yield


async def test_a_database_that_is_down_loses_no_answer(store, user_id, down):
    assert not await store.keep(user_id, said())
    with pytest.raises(ApiError) as caught:
        await store.find(user_id, new_id(RESPONSE))
    assert (caught.value.status, caught.value.code) == (503, "store_unavailable")

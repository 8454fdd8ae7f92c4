"""What one user can have the gateway keep of conversations, in all."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from proxy.client_side.errors import ApiError, InvalidRequestError
from proxy.conversations import conversations
from proxy.models import Conversation

pytestmark = pytest.mark.django_db(transaction=True)


def items(count, size=1000):
    return [
        {"id": f"msg_{number}", "type": "message", "role": "user", "content": "x" * size}
        for number in range(count)
    ]


@pytest.fixture
def user_id():
    return User.objects.create_user("ada").pk


async def test_all_conversations_of_a_user_are_bounded_together(user_id, settings):
    settings.GATEWAY_CONVERSATION_BYTES_PER_USER = 10_000
    kept = [await conversations.create(user_id, {}, items(3)) for _ in range(2)]
    with pytest.raises(InvalidRequestError) as refused:
        await conversations.create(user_id, {}, items(3))
    assert refused.value.code == "conversations_too_large"
    with pytest.raises(InvalidRequestError):
        await conversations.add(user_id, kept[0]["id"], items(9)[3:])
    assert await Conversation.objects.acount() == 2
    await conversations.delete(user_id, kept[0]["id"])
    await conversations.create(user_id, {}, items(3))


async def test_those_that_ended_are_deleted_and_do_not_pile_up(user_id, settings):
    settings.GATEWAY_CONVERSATIONS_PER_USER = 1
    for _ in range(3):
        await conversations.create(user_id, {}, items(1))
        old = timezone.now() - timedelta(days=settings.GATEWAY_CONVERSATION_DAYS + 1)
        await Conversation.objects.aupdate(changed_at=old)
    assert await Conversation.objects.acount() == 1


async def test_nobody_reaches_another_s_conversation_or_item(user_id):
    made = await conversations.create(user_id, {}, items(1))
    other = (await User.objects.acreate_user("bob")).pk
    own = await conversations.create(other, {}, [])
    for attempt in (
        conversations.find(other, made["id"]),
        conversations.update(other, made["id"], {}),
        conversations.delete(other, made["id"]),
        conversations.items(other, made["id"], limit=1, is_ascending=True),
        conversations.all_items(other, made["id"]),
        conversations.add(other, made["id"], items(1)),
        conversations.item(other, made["id"], "msg_0"),
        conversations.item(other, own["id"], "msg_0"),
        conversations.delete_item(other, own["id"], "msg_0"),
        conversations.find(user_id, made["id"].upper()),
        conversations.find(user_id, made["id"] + "\0"),
        conversations.item(user_id, made["id"], "msg_0\0"),
    ):
        with pytest.raises(ApiError) as refused:
            await attempt
        assert refused.value.status == 404
    assert (await conversations.all_items(user_id, made["id"])) == items(1)

"""Who made a response and where, remembered behind the answers."""

from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.models import User
from connections.models import Connection
from proxy.models import StoredResponse
from proxy.references.stored_responses import KEPT, MOST_ITEMS, Kept, StoredResponses
from tests.support.builders import a_target, an_upstream

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept():
    user = User.objects.create_user("ada")
    row = Connection.objects.create(name="one", base_url="https://one.example/v1")
    return Kept(response_id="resp_1", user_id=user.pk, connection_id=row.pk, model="gpt-4o")


async def written(kept):
    """A store that has written ``kept``."""
    store = StoredResponses()
    store.note(kept)
    await store.flush()
    return store


async def test_what_one_worker_noted_another_finds(kept):
    await written(kept)
    assert await StoredResponses().find(kept.user_id, "resp_1") == kept


async def test_it_is_found_before_it_is_written(kept):
    store = StoredResponses()
    store.note(kept)
    assert await store.find(kept.user_id, "resp_1") == kept
    await store.flush()


async def test_nobody_but_the_owner_finds_it(kept):
    store = await written(kept)
    assert await store.find(kept.user_id + 1, "resp_1") is None


async def test_two_users_may_have_been_given_the_same_id(kept):
    other = await User.objects.acreate(username="bob")
    theirs = Kept(
        response_id="resp_1", user_id=other.pk, connection_id=kept.connection_id, model="m"
    )
    await written(kept)
    await written(theirs)
    assert await StoredResponses().find(other.pk, "resp_1") == theirs
    assert await StoredResponses().find(kept.user_id, "resp_1") == kept


async def test_what_is_forgotten_is_found_by_nobody(kept):
    store = await written(kept)
    await store.forget(kept)
    assert await store.find(kept.user_id, "resp_1") is None
    assert await StoredResponses().find(kept.user_id, "resp_1") is None


async def test_a_response_is_kept_with_its_items_and_containers(kept):
    target = a_target(an_upstream(id=kept.connection_id))
    output = [
        {"type": "reasoning", "id": "rs_1"},
        {"type": "code_interpreter_call", "id": "ci_1", "container_id": "cntr_1"},
        {"type": "message", "id": None},
        "odd",
        {"id": "x"} | {"id": 5},
    ]
    store = StoredResponses()
    made = {"id": "resp_2", "output": output}
    store.note_response(made, user_id=kept.user_id, target=target)
    store.note_response({"output": "odd"}, user_id=kept.user_id, target=target)
    await store.flush()
    ids = {"resp_2", "rs_1", "ci_1", "cntr_1"}
    found = await StoredResponses().find_all(kept.user_id, ids | {"rs_2", "a/b"})
    assert found.keys() == ids
    assert {each.connection_id for each in found.values()} == {kept.connection_id}
    assert await StoredResponses().find_all(kept.user_id + 1, ids) == {}


async def test_no_response_is_kept_with_items_without_end(kept):
    store = StoredResponses()
    output = [{"id": f"rs_{number}"} for number in range(MOST_ITEMS + 1)]
    target = a_target(an_upstream(id=kept.connection_id))
    store.note_response({"id": "resp_2", "output": output}, user_id=kept.user_id, target=target)
    await store.flush()
    assert await StoredResponse.objects.acount() == MOST_ITEMS + 1  # with the response


@pytest.mark.parametrize("response_id", ["", "..", "a/b", "a b", "é", "a" * 201, "a\n"])
async def test_what_cannot_be_part_of_a_path_is_not_kept(kept, response_id):
    odd = Kept(response_id=response_id, user_id=kept.user_id, connection_id=1, model="m")
    store = await written(odd)
    assert await store.find(kept.user_id, response_id) is None
    assert await StoredResponse.objects.acount() == 0


async def test_old_rows_go_and_young_ones_stay(kept):
    old = timezone.now() - KEPT - timedelta(hours=1)
    await StoredResponse.objects.acreate(
        response_id="resp_old",
        user_id=kept.user_id,
        connection_id=kept.connection_id,
        model="m",
        created_at=old,
    )
    store = StoredResponses()
    store.note(kept)
    await store._writing
    assert [row.response_id async for row in StoredResponse.objects.all()] == ["resp_1"]


async def test_rows_go_with_their_user_and_their_connection(kept):
    await written(kept)
    await User.objects.filter(pk=kept.user_id).adelete()
    assert await StoredResponse.objects.acount() == 0


async def test_a_row_of_a_user_who_has_gone_holds_up_no_other(kept):
    gone = Kept(response_id="resp_2", user_id=10**6, connection_id=10**6, model="m")
    store = StoredResponses()
    store.note(gone)
    store.note(kept)
    await store.flush()
    assert await StoredResponse.objects.acount() == 2


async def test_what_cannot_be_written_waits(kept):
    """The table is away for a while, as it is when the database is."""
    store = StoredResponses()
    await _run("ALTER TABLE proxy_storedresponse RENAME TO away")
    try:
        store.note(kept)
        with pytest.raises(DatabaseError):
            await StoredResponses().find(kept.user_id, "resp_1")
    finally:
        await _run("ALTER TABLE away RENAME TO proxy_storedresponse")
    assert store._unwritten
    await store._writing
    assert await StoredResponse.objects.acount() == 1


@database_sync_to_async
def _run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)

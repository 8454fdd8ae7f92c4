"""Who made a response and where, remembered behind the answers."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.models import User
from connections.models import Connection
from proxy.models import StoredResponse
from proxy.references.made import MOST_ITEMS
from proxy.references.stored_responses import StoredResponses
from proxy.references.stored_rows import RETENTION, StoredReference
from tests.support.builders import a_target, an_upstream

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored():
    user = User.objects.create_user("ada")
    row = Connection.objects.create(name="one", base_url="https://one.example/v1")
    return StoredReference(
        response_id="resp_1", user_id=user.pk, connection_id=row.pk, model="gpt-4o"
    )


async def written(*several):
    """A store that has written ``several``."""
    store = StoredResponses()
    for stored in several:
        store.note(stored)
    if store._writing is not None:
        await store._writing
    return store


async def found(store, user_id, response_id="resp_1"):
    return (await store.find_all(user_id, {response_id})).get(response_id)


async def test_what_one_worker_noted_another_finds(stored):
    await written(stored)
    assert await found(StoredResponses(), stored.user_id) == stored


async def test_it_is_found_before_it_is_written(stored):
    store = StoredResponses()
    store.note(stored)
    assert await found(store, stored.user_id) == stored
    await store.flush()


async def test_nobody_but_the_owner_finds_it(stored):
    store = await written(stored)
    assert await found(store, stored.user_id + 1) is None


async def test_an_id_stays_with_the_first_for_whom_a_connection_made_it(stored):
    first = await written(stored)
    thief = replace(stored, user_id=stored.user_id + 1)
    second = await written(thief)
    third = StoredResponses()
    third.note(thief)
    third.note(stored)  # too late for this worker, not for the database
    await third._writing
    for store in (first, second, third, StoredResponses()):
        assert await found(store, thief.user_id) is None
        assert await found(store, stored.user_id) == stored


async def test_of_two_in_one_batch_the_first_is_the_owner(stored):
    thief = replace(stored, user_id=stored.user_id + 1)
    store = await written(stored, thief)
    assert await found(store, thief.user_id) is None
    assert await found(store, stored.user_id) == stored


async def test_the_owner_s_forgetting_is_no_other_s(stored):
    store = await written(stored)
    await store.forget(replace(stored, user_id=stored.user_id + 1))
    assert await found(StoredResponses(), stored.user_id) == stored


async def test_two_connections_may_have_given_the_same_id(stored):
    elsewhere = await Connection.objects.acreate(name="two", base_url="https://two.example/v1")
    theirs = replace(stored, user_id=stored.user_id + 1, connection_id=elsewhere.pk)
    store = await written(stored, theirs)
    for each in (store, StoredResponses()):
        assert await found(each, theirs.user_id) == theirs
        assert await found(each, stored.user_id) == stored


async def test_what_is_known_is_written_once(stored):
    store = await written(stored)
    store.note(stored)
    assert not store._unwritten


@pytest.mark.parametrize("is_daily", [False, True])
async def test_a_user_s_oldest_rows_leave_beyond_their_cap(stored, settings, is_daily):
    many = [replace(stored, response_id=f"resp_{number}") for number in range(30)]
    theirs = [
        replace(each, response_id=f"of-other-{each.response_id}", user_id=10**6) for each in many
    ]
    await written(*many, *theirs[:9])
    settings.GATEWAY_STORED_RESPONSES_PER_USER = 10
    if is_daily:
        await written(replace(stored, response_id="of-nobody", user_id=10**7))
    else:
        store = StoredResponses()
        store._prune_at = math.inf
        store.note(many[-1])
        await store._writing
    rows = StoredResponse.objects.filter(user_id=stored.user_id).order_by("pk")
    assert [row.response_id async for row in rows] == [each.response_id for each in many[-10:]]
    assert await StoredResponse.objects.filter(user_id=10**6).acount() == 9


async def test_what_is_forgotten_is_found_by_nobody(stored):
    store = await written(stored)
    await store.forget(stored)
    assert await found(store, stored.user_id) is None
    assert await found(StoredResponses(), stored.user_id) is None


async def test_a_response_is_kept_with_its_items_and_containers(stored):
    target = a_target(an_upstream(id=stored.connection_id))
    output = [
        {"type": "reasoning", "id": "rs_1"},
        {"type": "code_interpreter_call", "id": "ci_1", "container_id": "cntr_1"},
        {"type": "shell_call", "environment": {"container_id": "cntr_2"}},
        {"type": "message", "id": None},
        "odd",
        {"id": "x"} | {"id": 5},
    ]
    store = StoredResponses()
    made = {"id": "resp_2", "output": output}
    store.note_response(made, user_id=stored.user_id, target=target)
    store.note_response({"output": "odd"}, user_id=stored.user_id, target=target)
    await store.flush()
    ids = {"resp_2", "rs_1", "ci_1", "cntr_1", "cntr_2"}
    those = await StoredResponses().find_all(stored.user_id, ids | {"rs_2", "a/b"})
    assert those.keys() == ids
    assert {each.connection_id for each in those.values()} == {stored.connection_id}
    assert await StoredResponses().find_all(stored.user_id + 1, ids) == {}


async def test_no_response_is_kept_with_items_without_end(stored):
    store = StoredResponses()
    output = [{"id": f"rs_{number}"} for number in range(MOST_ITEMS + 1)]
    target = a_target(an_upstream(id=stored.connection_id))
    store.note_response({"id": "resp_2", "output": output}, user_id=stored.user_id, target=target)
    await store.flush()
    assert await StoredResponse.objects.acount() == MOST_ITEMS + 1  # with the response


@pytest.mark.parametrize("response_id", ["", "..", "a/b", "a b", "é", "a" * 201, "a\n"])
async def test_what_cannot_be_part_of_a_path_is_not_kept(stored, response_id):
    odd = StoredReference(
        response_id=response_id, user_id=stored.user_id, connection_id=1, model="m"
    )
    store = await written(odd)
    assert await found(store, stored.user_id, response_id) is None
    assert await StoredResponse.objects.acount() == 0


async def test_old_rows_go_and_young_ones_stay(stored):
    old = timezone.now() - RETENTION - timedelta(hours=1)
    await StoredResponse.objects.acreate(
        response_id="resp_old",
        user_id=stored.user_id,
        connection_id=stored.connection_id,
        model="m",
        created_at=old,
    )
    store = StoredResponses()
    store.note(stored)
    await store._writing
    assert [row.response_id async for row in StoredResponse.objects.all()] == ["resp_1"]


async def test_rows_go_with_their_user_and_their_connection(stored):
    await written(stored)
    await User.objects.filter(pk=stored.user_id).adelete()
    assert await StoredResponse.objects.acount() == 0


async def test_a_row_of_a_user_who_has_gone_holds_up_no_other(stored):
    gone = StoredReference(response_id="resp_2", user_id=10**6, connection_id=10**6, model="m")
    store = StoredResponses()
    store.note(gone)
    store.note(stored)
    await store.flush()
    assert await StoredResponse.objects.acount() == 2


async def test_what_cannot_be_written_waits(stored):
    """The table is away for a while, as it is when the database is."""
    store = StoredResponses()
    await _run("ALTER TABLE proxy_storedresponse RENAME TO away")
    try:
        store.note(stored)
        with pytest.raises(DatabaseError):
            await found(StoredResponses(), stored.user_id)
    finally:
        await _run("ALTER TABLE away RENAME TO proxy_storedresponse")
    assert store._unwritten
    await store._writing
    assert await StoredResponse.objects.acount() == 1


@database_sync_to_async
def _run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)

import asyncio
from contextlib import asynccontextmanager

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group, Permission
from django.db import OperationalError, transaction

from accounts import changes
from accounts.models import ApiKey, ConfigVersion, User
from tests.support.processes import PATIENCE_SECONDS

PEOPLE, CONFIGURATION = changes.Subject.PEOPLE, changes.Subject.CONFIGURATION


@pytest.mark.django_db(transaction=True)
def test_version_begins_at_zero_and_grows_with_each_bump():
    before = changes.current_versions()

    changes.bump()
    changes.bump()

    assert (before[CONFIGURATION], changes.current_versions()[CONFIGURATION]) == (0, 2)


@pytest.mark.django_db(transaction=True)
def test_people_have_a_counter_of_their_own():
    User.objects.create_user("alice")

    assert changes.current_versions() == {PEOPLE: 1, CONFIGURATION: 0}


@pytest.mark.django_db(transaction=True)
def test_many_changes_of_one_transaction_are_one_bump():
    changes.bump(PEOPLE)
    before = changes.current_versions()[PEOPLE]

    with transaction.atomic():
        for number in range(5):
            User.objects.create_user(f"user-{number}")

    assert changes.current_versions()[PEOPLE] == before + 1


@pytest.mark.django_db(transaction=True)
def test_rolled_back_change_is_not_announced():
    changes.bump(PEOPLE)
    before = changes.current_versions()[PEOPLE]

    with transaction.atomic():
        User.objects.create_user("nobody")
        transaction.set_rollback(True)

    assert changes.current_versions()[PEOPLE] == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    [
        "group",
        "membership",
        "permission",
        "permission taken",
        "permission of a group",
        "group without permissions",
        "superuser",
        "key",
        "rotation",
        "end of an earlier secret",
        "revocation",
        "deletion",
    ],
)
def test_what_workers_remember_is_announced(change):
    user, group = User.objects.create_user("alice"), Group.objects.create(name="team")
    row, _ = ApiKey.objects.issue(user)
    row.rotate()
    permission = Permission.objects.first()
    user.user_permissions.add(permission)
    group.permissions.add(permission)
    other = Permission.objects.last()
    before = changes.current_versions()[PEOPLE]

    {
        "group": lambda: Group.objects.create(name="other"),
        "membership": lambda: user.groups.add(group),
        "permission": lambda: user.user_permissions.add(other),
        "permission taken": user.user_permissions.clear,
        "permission of a group": lambda: group.permissions.set([other]),
        "group without permissions": group.permissions.clear,
        "superuser": lambda: (setattr(user, "is_superuser", True), user.save()),
        "key": lambda: ApiKey.objects.issue(user),
        "rotation": row.rotate,
        "end of an earlier secret": lambda: row.earlier_keys.get().end(),
        "revocation": row.revoke,
        "deletion": user.delete,
    }[change]()

    assert changes.current_versions()[PEOPLE] > before


@pytest.mark.django_db(transaction=True)
def test_sign_in_is_not_announced():
    user = User.objects.create_user("alice")
    before = changes.current_versions()[PEOPLE]

    user.save(update_fields=["last_login"])

    assert changes.current_versions()[PEOPLE] == before


@pytest.mark.django_db(transaction=True)
def test_there_is_one_version_whoever_locks():
    with transaction.atomic():
        changes.lock_configuration()
        changes.lock_configuration()

    assert ConfigVersion.objects.count() == 1


@asynccontextmanager
async def watching(*arguments, **options):
    task = asyncio.create_task(changes.watch(*arguments, **options))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.django_db(transaction=True)
async def test_watcher_hears_of_a_change_and_what_it_is_about():
    heard = asyncio.Queue()
    since = await database_sync_to_async(changes.current_versions)()

    async with watching(heard.put, since=since), asyncio.timeout(PATIENCE_SECONDS):
        await database_sync_to_async(changes.bump)(PEOPLE)

        assert await heard.get() is PEOPLE
    assert heard.empty()


@pytest.mark.django_db(transaction=True)
async def test_change_that_could_not_be_taken_up_is_told_again():
    told, confirmed = [], asyncio.Event()

    async def fail_once(subject):
        told.append(subject)
        if len(told) == 1:
            raise OperationalError

    since = {PEOPLE: 0, CONFIGURATION: 0}
    await database_sync_to_async(changes.bump)(PEOPLE)
    async with (
        watching(fail_once, lambda _at: confirmed.set(), since=since),
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        await confirmed.wait()

    assert told == [PEOPLE, PEOPLE]

"""For whom a request of a trusted key is made."""

from __future__ import annotations

from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group, Permission

from accounts.authentication_errors import (
    AmbiguousUser,
    DepartedUser,
    InactiveUser,
    InvalidUserHeader,
    UnknownUser,
    UserNotAllowed,
)
from accounts.caller import Caller, Scope
from accounts.callers import callers
from accounts.models import ApiKey, User
from accounts.people import people
from accounts.spoken_for import on_behalf, still_on_behalf

pytestmark = pytest.mark.django_db(transaction=True)


def named(email: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-openwebui-user-email", email.encode()), (b"x-openwebui-user-role", b"admin")]


async def caller_of(username: str = "open-webui", **fields: Any) -> Caller:
    """The caller of a new key that may speak for users."""

    def make() -> str:
        user, _ = User.objects.get_or_create(username=username)
        return ApiKey.objects.issue(user, may_speak_for_users=True, **fields)[1]

    caller = await callers.find(await database_sync_to_async(make)())
    assert caller is not None
    return caller


@pytest.fixture(autouse=True)
async def nobody_is_remembered(transactional_db) -> None:
    await people.refresh()


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", "ada@example.com", "secret")


async def test_user_is_the_one_named_with_the_key_of_the_caller(ada):
    group = await Group.objects.acreate(name="team")
    await ada.groups.aadd(group)
    trusted = await caller_of(model_patterns=["openai/*"], is_resumable=True)
    caller = await on_behalf(trusted, named("ADA@example.com"))
    assert (caller.user_id, caller.username, caller.email) == (ada.pk, "ada", "ada@example.com")
    assert caller.group_ids == {group.pk}
    assert (caller.key_id, caller.key_hint) == (trusted.key_id, trusted.key_hint)
    assert (caller.model_patterns, caller.is_resumable) == (("openai/*",), True)


async def test_user_never_has_more_than_inference(ada):
    await ada.user_permissions.aadd(await Permission.objects.afirst())
    caller = await on_behalf(await caller_of(), named(ada.email))
    assert caller.scopes == {Scope.INFERENCE}
    assert (caller.is_staff, caller.is_superuser, caller.role) == (False, False, "user")
    assert caller.permissions == frozenset()
    assert not caller.may_administer()
    assert not caller.may_speak_for_users


async def test_key_without_the_inference_scope_gives_none(ada):
    trusted = await caller_of()
    await ApiKey.objects.all().aupdate(scopes=["admin"])  # past the checks of the model
    await callers.refresh()
    caller = await on_behalf(await again(trusted), named(ada.email))
    assert caller.scopes == frozenset()


async def again(caller: Caller) -> Caller:
    key = await ApiKey.objects.aget(pk=caller.key_id)
    found = await callers.find_digest(key.digest)
    assert found is not None
    return found


async def test_without_a_header_the_caller_is_the_user_of_the_key():
    trusted = await caller_of()
    assert await on_behalf(trusted, [(b"x-openwebui-chat-id", b"1")]) is trusted


async def test_those_who_cannot_be_spoken_for_are_refused_each_in_their_way(ada):
    trusted = await caller_of()
    await User.objects.acreate(username="off", email="off@example.com", is_active=False)
    await User.objects.acreate(username="one", email="two@example.com")
    await User.objects.acreate(username="two", email="Two@example.com")
    await (await User.objects.acreate(username="gone", email="gone@example.com")).adelete()
    for email, error in (
        ("new@example.com", UnknownUser),
        ("off@example.com", InactiveUser),
        ("two@example.com", AmbiguousUser),
        ("gone@example.com", DepartedUser),
        ("nobody", InvalidUserHeader),
    ):
        with pytest.raises(error):
            await on_behalf(trusted, named(email))
    assert not await User.objects.filter(email="new@example.com").aexists()


async def test_unknown_user_is_made_in_the_group_of_the_key():
    group = await Group.objects.acreate(name="team")
    trusted = await caller_of(unknown_users_group=group)
    caller = await on_behalf(trusted, named("eve@example.com"))
    assert (caller.username, caller.group_ids) == ("eve", {group.pk})
    assert (await on_behalf(trusted, named("Eve@example.com"))).user_id == caller.user_id
    assert await User.objects.filter(email="eve@example.com").acount() == 1


async def test_a_key_makes_nobody_who_is_inactive_or_was_deleted():
    group = await Group.objects.acreate(name="team")
    trusted = await caller_of(unknown_users_group=group)
    await User.objects.acreate(username="off", email="off@example.com", is_active=False)
    await (await User.objects.acreate(username="gone", email="gone@example.com")).adelete()
    for email, error in (("off@example.com", InactiveUser), ("gone@example.com", DepartedUser)):
        with pytest.raises(error):
            await on_behalf(trusted, named(email))


async def test_group_that_is_deleted_has_the_key_refuse_unknown_users():
    group = await Group.objects.acreate(name="team")
    trusted = await caller_of(unknown_users_group=group)
    await group.adelete()
    await callers.refresh()
    for caller in (trusted, await again(trusted)):
        with pytest.raises(UnknownUser):
            await on_behalf(caller, named("eve@example.com"))


async def test_still_allowed_while_user_and_mark_are_there(ada):
    trusted = await caller_of()
    caller = await on_behalf(trusted, named(ada.email))
    assert await still_on_behalf(trusted, caller) == caller
    assert await still_on_behalf(trusted, trusted) is trusted


@pytest.mark.parametrize("change", ["inactive", "address", "another"])
async def test_user_who_changes_is_no_longer_spoken_for(ada, change):
    trusted = await caller_of()
    caller = await on_behalf(trusted, named(ada.email))
    match change:
        case "inactive":
            ada.is_active = False
        case "address" | "another":
            ada.email = "ada@elsewhere.example"
    await ada.asave()
    if change == "another":
        await User.objects.acreate(username="eve", email="ada@example.com")
    await people.refresh()
    with pytest.raises(UserNotAllowed):
        await still_on_behalf(trusted, caller)


async def test_key_that_loses_its_mark_speaks_for_nobody(ada):
    trusted = await caller_of()
    caller = await on_behalf(trusted, named(ada.email))
    await ApiKey.objects.all().aupdate(may_speak_for_users=False)
    await callers.refresh()
    with pytest.raises(UserNotAllowed):
        await still_on_behalf(await again(trusted), caller)

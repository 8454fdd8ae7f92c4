"""People whom a trusted caller named before they came by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from channels.db import database_sync_to_async
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.adoption import adopt
from accounts.claimed_users import ClaimedUser
from accounts.models import ApiKey, Identity, User
from accounts.newcomers import make_newcomer
from accounts.people import standing_of

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL = "eve@example.com"
ISSUER = "https://id.example"


@pytest.fixture
def newcomer() -> User:
    team = Group.objects.create(name="newcomers")
    make_newcomer(ClaimedUser(email=EMAIL, name="Eve"), team.pk)
    return User.objects.get()


@transaction.atomic
def adopted(email: str = EMAIL, subject: str = "eve-1") -> User | None:
    return adopt(email, issuer=ISSUER, subject=subject)


@pytest.mark.parametrize("email", [EMAIL, "Eve@Example.com"])
def test_the_person_takes_up_the_user(newcomer: User, email: str) -> None:
    assert adopted(email) == newcomer
    assert Identity.objects.get(issuer=ISSUER, subject="eve-1").user == newcomer
    assert not User.objects.get().is_newcomer
    assert standing_of(EMAIL) is None


def test_nobody_else_takes_up_the_user_afterwards(newcomer: User) -> None:
    adopted()
    assert adopted(subject="mallory") is None
    Identity.objects.get().delete()
    assert adopted(subject="mallory") is None


@pytest.mark.parametrize("email", ["", "mallory@example.com", "ev\u00e9@example.com", "\u212ave@x"])
def test_another_address_takes_up_nobody(newcomer: User, email: str) -> None:
    assert adopted(email) is None


def test_a_letter_that_only_looks_alike_takes_up_nobody(newcomer: User) -> None:
    User.objects.update(email="kim@example.com")
    assert adopted("\u212aim@example.com") is None  # the sign of Kelvin, a k in lower case


def give_right(user: User) -> None:
    user.user_permissions.add(Permission.objects.first())  # type: ignore[arg-type]


def give_group_with_right(user: User) -> None:
    user.groups.get().permissions.add(Permission.objects.first())  # type: ignore[arg-type]


def set_password(user: User) -> None:
    user.set_password("correct horse")
    user.save()


def give_address_to_another(user: User) -> None:
    User.objects.create(username="other", email=EMAIL.upper(), is_active=False)


def change(**columns: Any) -> Callable[[User], object]:
    return lambda user: User.objects.filter(pk=user.pk).update(**columns)


@pytest.mark.parametrize(
    "happens",
    [
        change(is_staff=True),
        change(is_superuser=True),
        change(is_active=False),
        change(is_newcomer=False),
        give_right,
        give_group_with_right,
        set_password,
        give_address_to_another,
        ApiKey.objects.issue,
        lambda user: Identity.objects.create(user=user, issuer="https://other", subject="1"),
        lambda user: SocialAccount.objects.create(user=user, provider="https://other", uid="1"),
    ],
)
def test_a_user_who_is_more_than_that_is_taken_up_by_nobody(
    newcomer: User, happens: Callable[[User], object]
) -> None:
    happens(newcomer)
    identities = Identity.objects.count()
    assert adopted() is None
    assert Identity.objects.count() == identities


def test_an_administrator_whom_a_trusted_caller_names_stays_their_own() -> None:
    """The caller makes nobody for an address that is known, and marks nobody."""
    team = Group.objects.create(name="newcomers")
    User.objects.create(username="admin", email="admin@example.com", is_superuser=True)
    make_newcomer(ClaimedUser(email="admin@example.com", name="Admin"), team.pk)
    assert adopted("admin@example.com") is None
    assert User.objects.count() == 1


async def test_a_token_with_a_verified_address_leads_to_the_user(newcomer: User, issuer) -> None:
    caller = await issuer.tokens().find(issuer.token(email=EMAIL, email_verified=True))
    assert caller.user_id == newcomer.pk
    again = await issuer.tokens().find(issuer.token(jti="2"))
    assert again.user_id == newcomer.pk


@pytest.mark.parametrize("verified", [False, None, "no", 0])
async def test_a_token_without_a_verified_address_makes_another_user(
    newcomer: User, issuer, verified: object
) -> None:
    caller = await issuer.tokens().find(issuer.token(email=EMAIL, email_verified=verified))
    assert (caller.user_id == newcomer.pk, caller.email) == (False, "")


@pytest.mark.parametrize("new_users", ["pending", "active", "refused"])
async def test_no_token_makes_the_address_ambiguous(newcomer: User, issuer, new_users: str) -> None:
    """Neither while a person waits for an administrator, nor where the user became more."""
    if new_users == "active":
        await database_sync_to_async(set_password)(newcomer)
    await issuer.tokens(new_users=new_users).find(issuer.token(email=EMAIL, email_verified=True))
    await User.objects.all().aupdate(is_active=True, is_pending=False)
    assert await database_sync_to_async(standing_of)(EMAIL) is None
    assert not await Identity.objects.filter(user=newcomer).aexists()

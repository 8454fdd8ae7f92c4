"""The people whom trusted callers speak for, by their mail address: a cache before one query."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from accounts.caller import Caller
from accounts.caller_lookup import KnownCaller
from accounts.callers import UNKNOWN_SECONDS, CallerCache
from accounts.claimed_users import folded
from accounts.models import Departed, User

NO_KEY = UUID(int=0)
MOST_REFUSED = 10_000


class Standing(StrEnum):
    """What is known of an address that not exactly one active user has."""

    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    DEPARTED = "departed"
    AMBIGUOUS = "ambiguous"


def read_people(emails: Collection[str]) -> dict[str, KnownCaller]:
    """The active users with these addresses, which are folded, with one query.

    Addresses that several active users have are left out. A user comes without the rights of staff,
    and without a key: that is the trusted caller's. Blocks on the database.
    """
    read_at = time.monotonic()  # before the query: a change during it must not be missed
    found: dict[str, dict[int, KnownCaller]] = {}
    fields = ("groups", "pk", "username", "email", "first_name", "last_name")
    for group_id, *user in _with_address(emails).filter(is_active=True).values_list(*fields):
        person = _person(*user)
        users = found.setdefault(folded(person.email), {})
        known = users.get(person.user_id)
        known = known or KnownCaller(caller=person, read_at=read_at, expires_at=None)
        if group_id is not None:
            caller = replace(known.caller, group_ids=known.caller.group_ids | {group_id})
            known = replace(known, caller=caller)
        users[person.user_id] = known
    return {
        email: next(iter(users.values()))
        for email in emails
        if len(users := found.get(email, {})) == 1
    }


def standing_of(email: str) -> Standing | None:
    """Why no user can be spoken for by ``email``, which is folded; None if one can.

    Blocks on the database.
    """
    users = _with_address([email]).values_list("email", "is_active")
    states = [is_active for address, is_active in users if folded(address) == email]
    if active := states.count(True):
        return Standing.AMBIGUOUS if active > 1 else None
    if states:
        return Standing.INACTIVE
    former = Departed.objects.users().filter(email__iexact=email).values_list("email", flat=True)
    return Standing.DEPARTED if email in map(folded, former) else Standing.UNKNOWN


def _with_address(emails: Collection[str]) -> QuerySet[User]:
    """Users with one of ``emails``, and some with similar ones: the database folds more letters."""
    lowered = {email.lower() for email in emails}
    return (
        User.objects.annotate(lower_email=Lower("email"))
        .filter(Q(lower_email__in={*emails, *lowered}))
        .order_by()
    )


def _person(user_id: int, username: str, email: str, first_name: str, last_name: str) -> Caller:
    return Caller(
        user_id=user_id,
        username=username,
        email=email,
        display_name=f"{first_name} {last_name}".strip() or username,
        is_staff=False,
        group_ids=frozenset(),
        key_id=NO_KEY,
        key_hint="",
    )


class Standings:
    """Why addresses are refused, each remembered for a moment, so that no flood of them is asked
    for.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[Standing | None, float]] = OrderedDict()

    async def of(self, email: str) -> Standing | None:
        """As :func:`standing_of` said no longer than ``UNKNOWN_SECONDS`` ago.

        Raises ``django.db.DatabaseError``.
        """
        standing, looked_at = self._known.get(email, (None, float("-inf")))
        if time.monotonic() - looked_at < UNKNOWN_SECONDS:
            return standing
        looked_at = time.monotonic()
        standing = await database_sync_to_async(standing_of)(email)
        self._known[email] = standing, looked_at
        self._known.move_to_end(email)
        if len(self._known) > MOST_REFUSED:
            self._known.popitem(last=False)
        return standing


standings = Standings()
people = CallerCache(stale_seconds=settings.GATEWAY_CALLER_STALE_SECONDS, read=read_people)

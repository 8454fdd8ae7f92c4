"""Callers who speak for users: which user a request of a trusted key is made for.

request ──► key with the mark? ── no ──► the key's user; headers about users count for nothing
                    │ yes
                    ├──► no header about a user ──► the key's user
                    ├──► an address of one active user ──► that user, for inference alone
                    ├──► an unknown address, and the key has a group for them ──► a new user
                    └──► else 400 or 403
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from channels.db import database_sync_to_async

from accounts.authentication_errors import (
    AmbiguousUser,
    AuthenticationUnavailable,
    DepartedUser,
    InactiveUser,
    UnknownUser,
    UserNotAllowed,
)
from accounts.caller import INFERENCE_ALONE, Caller
from accounts.caller_lookup import LOOK_UP
from accounts.callers import CallersUnavailableError
from accounts.changes import DATABASE_ERRORS
from accounts.claimed_users import ClaimedUser, claimed_user, folded
from accounts.look_ups import TooManyLookUpsError
from accounts.newcomers import make_newcomer
from accounts.people import Standing, people, standings
from infrastructure.outages import outages

REFUSALS = {
    Standing.UNKNOWN: UnknownUser,
    Standing.INACTIVE: InactiveUser,
    Standing.DEPARTED: DepartedUser,
    Standing.AMBIGUOUS: AmbiguousUser,
}


async def on_behalf(caller: Caller, headers: Iterable[tuple[bytes, bytes]]) -> Caller:
    """The user for whom ``caller``, whose key may speak for users, makes this request.

    That user never has rights of staff: the models are those that the user's grants and the key
    allow. Raises the errors of :mod:`accounts.authentication_errors`.
    """
    claimed = claimed_user(headers)
    if claimed is None:
        return caller
    person = await _find(claimed.email) or await _newcomer(caller, claimed)
    return _spoken_for(caller, person, claimed.email)


async def still_on_behalf(caller: Caller, earlier: Caller) -> Caller:
    """``earlier``, for whom the key of ``caller`` has spoken before, as they are now.

    No user is made. Where the key spoke for no user, this is ``caller``. Raises as
    :func:`on_behalf` does.
    """
    if not earlier.spoken_for:
        return caller
    return await on_behalf_of_user(caller, earlier.user_id, earlier.spoken_for)


async def on_behalf_of_user(caller: Caller, user_id: int, email: str) -> Caller:
    """The user with this id and address, for whom ``caller`` has spoken before."""
    person = await _find(folded(email)) if caller.may_speak_for_users else None
    if person is None or person.user_id != user_id:
        raise UserNotAllowed
    return _spoken_for(caller, person, folded(email))


def _spoken_for(caller: Caller, person: Caller, email: str) -> Caller:
    """``person`` with the key of ``caller``."""
    return replace(
        person,
        key_id=caller.key_id,
        key_hint=caller.key_hint,
        scopes=caller.scopes & INFERENCE_ALONE,
        model_patterns=caller.model_patterns,
        is_resumable=caller.is_resumable,
        spoken_for=email,
    )


async def _find(email: str) -> Caller | None:
    try:
        return await people.find_digest(email)
    except (CallersUnavailableError, TooManyLookUpsError) as exc:
        raise AuthenticationUnavailable from exc


async def _newcomer(caller: Caller, claimed: ClaimedUser) -> Caller:
    """The user who was made of ``claimed``, now or a moment ago."""
    group_id = caller.unknown_users_group_id
    try:
        with outages.told(LOOK_UP, *DATABASE_ERRORS):
            standing = await standings.of(claimed.email)
            if standing is Standing.UNKNOWN and group_id is not None:
                standing = await database_sync_to_async(make_newcomer)(claimed, group_id)
        person = None if standing else await people.look_again(claimed.email)
    except (CallersUnavailableError, TooManyLookUpsError, *DATABASE_ERRORS) as exc:
        raise AuthenticationUnavailable from exc
    if person is None:
        raise REFUSALS[standing or Standing.UNKNOWN]
    return person

"""The access tokens of this worker's callers: from memory, from the database, or renewed."""

from __future__ import annotations

import asyncio
import time
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from channels.db import database_sync_to_async
from django.db import DatabaseError

from accounts.models.oauth_tokens import TokenPair
from accounts.oauth.provider import ProviderUnavailableError, RefusedError, TokenEndpoint
from accounts.oauth.store import StoredToken, give_up, keep, put_off, read, take_lease

EARLY_SECONDS = 60.0  # before a token's end: it is renewed then, if it lasts twice as long
LEASE_SECONDS = 30.0  # longer than a renewal may take
LOOK_SECONDS = 0.1  # between two looks for what another worker is renewing
REST_SECONDS = 5.0  # between two tries with a provider that does not answer
SIGN_IN_AGAIN = "Your sign-in has come to its end. Sign in to the gateway again."


class NoTokenError(Exception):
    """The caller never signed in with the provider, or has signed out. Safe to show."""


class SignInAgainError(Exception):
    """There was a token, and it cannot be renewed. Safe to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveToken:
    """``renew_at`` and ``expires_at`` are in seconds since the epoch."""

    secret: str = field(repr=False)
    renew_at: float
    expires_at: float

    @classmethod
    def of(cls, pair: TokenPair, expires_at: datetime) -> LiveToken:
        end = expires_at.timestamp()
        # Tokens of some providers last a minute: EARLY_SECONDS would renew them for each call.
        early = min(EARLY_SECONDS, pair.lifetime_seconds / 2 or EARLY_SECONDS)
        return cls(secret=pair.access, renew_at=end - early, expires_at=end)

    @property
    def is_due(self) -> bool:
        """Whether it is to be renewed, although it may still serve."""
        return time.time() >= self.renew_at

    @property
    def is_over(self) -> bool:
        return time.time() >= self.expires_at


class AccessTokens:
    """Access tokens by user, each of the user's newest session.

    One that is known and lasts is handed out without a query. Renewing is done by one task of a
    worker, and by one worker at a time: a lease in the database sees to that, since providers take
    a refresh token only once.
    """

    def __init__(self, endpoint: TokenEndpoint) -> None:
        self._endpoint = endpoint
        self._live: dict[int, LiveToken] = {}
        self._fetching: dict[int, asyncio.Task[LiveToken]] = {}
        self._forgotten = 0

    async def of(self, user_id: int) -> str:
        """A token that is valid now.

        Raises :class:`NoTokenError`, :class:`SignInAgainError` and
        :class:`~accounts.oauth.provider.ProviderUnavailableError`.
        """
        live = self._live.get(user_id)
        if live is None or live.is_due:
            live = await self._fetched(user_id)
        return live.secret

    def forget(self) -> None:
        """Read every token again, since a user has signed out or changed."""
        self._live.clear()
        self._forgotten += 1

    async def finish(self) -> None:
        """Let renewals that are under way end: what they bring is the only one of its kind."""
        await asyncio.gather(*self._fetching.values(), return_exceptions=True)

    async def _fetched(self, user_id: int) -> LiveToken:
        """Other requests for the same user share the result (single flight)."""
        task = self._fetching.get(user_id)
        if task is None:
            # In a context of its own: what is opened in a request's context is closed at its end.
            task = asyncio.create_task(self._fetch(user_id), context=Context())
            self._fetching[user_id] = task
            task.add_done_callback(partial(self._done, user_id))
        # Shielded: a client that hangs up must not cancel what others wait for.
        return await asyncio.shield(task)

    def _done(self, user_id: int, task: asyncio.Task[LiveToken]) -> None:
        self._fetching.pop(user_id, None)
        if not task.cancelled():
            task.exception()  # marks it as read: perhaps no request waits for it any more

    async def _fetch(self, user_id: int) -> LiveToken:
        forgotten = self._forgotten
        try:
            live = await self._read_or_renewed(user_id)
        except DatabaseError as exc:
            raise ProviderUnavailableError("Your access token cannot be read just now.") from exc
        if forgotten == self._forgotten:
            self._live[user_id] = live
        return live

    async def _read_or_renewed(self, user_id: int) -> LiveToken:
        deadline = time.monotonic() + LEASE_SECONDS
        while time.monotonic() < deadline:
            stored = await database_sync_to_async(read)(user_id, self._endpoint.client.issuer)
            if stored is None:
                raise NoTokenError(
                    "This model needs the access token of your sign-in, which is missing."
                )
            live = _usable(stored)
            if not live.is_due or not stored.refresh:
                return live
            lease = await database_sync_to_async(take_lease)(stored, LEASE_SECONDS)
            if lease is not None:
                return await self._renewed(stored, lease, live)
            if not live.is_over:
                return live
            await asyncio.sleep(LOOK_SECONDS)
        raise ProviderUnavailableError("Your access token is still being renewed. Try again.")

    async def _renewed(self, stored: StoredToken, lease: datetime, live: LiveToken) -> LiveToken:
        """Trade the refresh token; or go on with ``live`` while it lasts."""
        try:
            renewed = await self._endpoint.renew(stored.refresh)
        except RefusedError as exc:
            if not live.is_over:
                return live  # until the lease ends, no other worker asks in vain
            await database_sync_to_async(give_up)(stored, lease)
            raise SignInAgainError(SIGN_IN_AGAIN) from exc
        except ProviderUnavailableError:
            await database_sync_to_async(put_off)(stored, lease, REST_SECONDS)
            if not live.is_over:
                return live
            raise
        if not await database_sync_to_async(keep)(stored, renewed):
            raise SignInAgainError(SIGN_IN_AGAIN)
        return LiveToken.of(renewed.pair, renewed.expires_at)


def _usable(stored: StoredToken) -> LiveToken:
    """The token as stored, which lasts or can be renewed. Raises :class:`SignInAgainError`."""
    if stored.pair is None:
        raise SignInAgainError(SIGN_IN_AGAIN)
    live = LiveToken.of(stored.pair, stored.expires_at)
    if not stored.pair.refresh and live.is_over:
        raise SignInAgainError(SIGN_IN_AGAIN)
    return live

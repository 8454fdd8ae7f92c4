"""Access that is withdrawn while it is in use.

New requests are refused as soon as a worker has heard of the change. This is for those that were
let in before: streams that run, and sockets that are open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Protocol

from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from accounts.authentication import identify, identify_digest
from accounts.authentication_errors import AuthenticationUnavailable
from accounts.caller import Caller, Scope
from accounts.spoken_for import still_on_behalf
from models_registry.registry import active
from usage.exchange import StopReason
from usage.in_flight import in_flight

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # keys expire without an announcement
SETTLE_SECONDS = 2.0


class Admitted(Protocol):
    """An admitted request or socket. ``stop`` may be called again."""

    async def is_still_allowed(self) -> bool: ...
    def stop(self, reason: StopReason) -> None: ...


open_sockets: set[Admitted] = set()


async def is_allowed(credential: str, model: str = "", *, caller: Caller | None = None) -> bool:
    """Whether ``credential`` is good, and, if given, for ``model``. In doubt it is.

    ``caller`` is the one it had when it was presented: a user whom it speaks for must be active.
    """
    find = partial(_again, partial(identify, credential), caller)
    return await _is_good(find, partial(_may_infer, model=model))


async def is_parent_allowed(digest: str, model: str = "", *, caller: Caller | None = None) -> bool:
    """Whether the API key with this ``digest`` is good, and for ``model``. In doubt it is.

    ``caller`` is as in :func:`is_allowed`.
    """
    find = partial(_again, partial(identify_digest, digest), caller)
    return await _is_good(find, partial(_may_infer, model=model))


async def may_still_administer(credential: str, permissions: tuple[str, ...]) -> bool:
    """Whether ``credential`` is good for what asks for ``permissions``. In doubt it is."""

    async def may(caller: Caller) -> bool:
        return caller.may_administer(*permissions)

    return await _is_good(partial(identify, credential), may)


async def _again(find: Callable[[], Awaitable[Caller]], earlier: Caller | None) -> Caller:
    caller = await find()
    return caller if earlier is None else await still_on_behalf(caller, earlier)


async def _is_good(
    find: Callable[[], Awaitable[Caller]], is_enough: Callable[[Caller], Awaitable[bool]]
) -> bool:
    """Whether a credential, which ``find`` looks up, has a caller who ``is_enough``.

    In doubt it has.
    """
    try:
        caller = await find()
    except AuthenticationUnavailable:
        return True
    except (AuthenticationFailed, PermissionDenied):
        return False
    return await is_enough(caller)


async def _may_infer(caller: Caller, *, model: str) -> bool:
    if not caller.has_scope(Scope.INFERENCE):
        return False
    registry = active()

    def is_routed() -> bool:
        return not model or bool(registry.snapshot.view(caller).route(model))

    try:
        async with asyncio.timeout(SETTLE_SECONDS):  # an edited connection is asked again
            await registry.settled(is_routed)
    except TimeoutError:
        return True
    return is_routed()


class AccessWatch:
    """Looks again at what this worker has let in: when told of a change, and from time to time."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def look_soon(self) -> None:
        """Say that people, keys, grants or models have changed."""
        self._changed.set()

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            looks = (_stop_if_withdrawn(admitted) for admitted in _admitted())
            # A failure for one request must not end the watch over all others.
            for failure in await asyncio.gather(*looks, return_exceptions=True):
                if failure is not None:
                    logger.error("access cannot be looked at again", exc_info=failure)


def _admitted() -> Iterator[Admitted]:
    yield from in_flight
    yield from tuple(open_sockets)


async def _stop_if_withdrawn(admitted: Admitted) -> None:
    if not await admitted.is_still_allowed():
        admitted.stop(StopReason.ACCESS_WITHDRAWN)

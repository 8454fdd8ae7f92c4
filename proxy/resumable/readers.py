"""The readers of recordings: counted against a cap, and told when the worker stops.

Each reader polls, so that hundreds of them on one recording would be work without end.
"""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings

from connections.calling.client import owned_responses
from proxy.client_side.api_request import ApiRequest
from proxy.client_side.errors import AnsweredError


class Reader:
    """A request that is answered from a recording; one of the things that it owns.

    It has no exchange: what it reads is accounted for with the request that was recorded. ``owner``
    is who came back to a stream, and empty for the request that began it.
    """

    def __init__(self, request: ApiRequest, owner: str = "") -> None:
        self.stop = request.stop
        self.owner = owner

    async def aclose(self) -> None:
        readers.discard(self)


readers: set[Reader] = set()


def join(request: ApiRequest, owner: str = "") -> None:
    """Count ``request``, which is the one at hand, among the readers until it ends.

    With an ``owner`` it is one that came back: raises ``ApiError`` where there are too many of
    these. A request that began a stream is none of them, since streams have a cap of their own.
    """
    if owner:
        _check_caps(owner)
    reader = Reader(request, owner)
    readers.add(reader)
    owned = owned_responses.get()
    if owned is not None:
        owned.append(reader)


def _check_caps(owner: str) -> None:
    owners = [reader.owner for reader in readers if reader.owner]
    if owners.count(owner) >= settings.GATEWAY_RESUMABLE_MAX_READERS:
        raise _refusal("This API key reads too many streams at once.")
    if len(owners) >= settings.GATEWAY_RESUMABLE_MAX_READERS_TOTAL:
        raise _refusal("Too many streams are being read.")


def _refusal(message: str) -> AnsweredError:
    return AnsweredError(
        f"{message} Close one, or try again later.",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        kind="rate_limit_error",
        code="rate_limit_exceeded",
    )

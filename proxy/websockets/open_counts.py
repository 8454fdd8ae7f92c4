"""How many WebSockets of whom a worker may hold open."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus

from django.conf import settings

from accounts.caller import Caller
from proxy.client_side.errors import AnsweredError


class OpenCounts:
    """The open sockets by the user and key that opened them."""

    def __init__(self) -> None:
        self._by_owner: Counter[str] = Counter()

    def enter(self, caller: Caller) -> str:
        """Count another socket; the name to :meth:`leave` under. Raises ``ApiError`` at a cap."""
        owner = caller.owner
        if self._by_owner[owner] >= settings.GATEWAY_WS_MAX_SOCKETS_PER_KEY:
            raise _refusal("This API key has too many WebSockets open.")
        if self._by_owner.total() >= settings.GATEWAY_WS_MAX_SOCKETS:
            raise _refusal("Too many WebSockets are open.")
        self._by_owner[owner] += 1
        return owner

    def leave(self, owner: str) -> None:
        self._by_owner[owner] -= 1
        if not self._by_owner[owner]:
            del self._by_owner[owner]


def _refusal(message: str) -> AnsweredError:
    return AnsweredError(
        f"{message} Close one, or try again later.",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        kind="rate_limit_error",
        code="rate_limit_exceeded",
    )


open_counts = OpenCounts()

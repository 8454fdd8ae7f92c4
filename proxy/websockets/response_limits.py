"""The limits of each response over a socket that is passed on.

A client asks for a response with ``response.create``. Realtime's upstreams also begin one by
themselves, when the user has stopped talking; that one is admitted as it begins.

A response that was asked for and does not begin ends with an ``error``, which names the client's
message that it is about by its ``event_id``. Where neither has one and no response runs, the error
may be about something else. It is taken for the end of the response all the same, or its slot would
be held for as long as the socket is open.
"""

from __future__ import annotations

from limits.admission.admissions import Admission
from limits.admission.gate import gate
from limits.admission.responses import Responses
from limits.demand import NOTHING, Demand
from limits.refusals import LimitError
from models_registry.targets import Target
from proxy.answering.clamping import clamped_message
from proxy.answering.demand import demand_of_message
from proxy.client_side.errors import ApiError
from proxy.client_side.exception_handler import to_api_error
from proxy.websockets.counting import BEGIN_OF_ANSWER, ENDS_OF_ANSWERS
from usage.exchange import Exchange
from usage.limit_counts import limit_counts
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject

CREATE = "response.create"
CANCEL = '{"type": "response.cancel"}'
ERROR = '"error"'
TYPE_CHARS = 200  # within which a message names its type


class ResponseLimits:
    """Those of one socket. ``is_realtime``: the fields of a response stand under ``response``."""

    def __init__(self, exchange: Exchange, target: Target, *, is_realtime: bool) -> None:
        self._responses = Responses(gate, exchange, (target,))
        self._caller = exchange.caller
        self._is_realtime = is_realtime
        # Of the messages that asked for responses which have not begun; empty where they have none.
        self._awaited: list[str] = []
        self._running = 0

    async def admitted(self, message: JsonObject) -> JsonObject:
        """``message``, which asks for a response, once its limits have room; cut to what is left.

        Raises ``LimitError``.
        """
        admission = await self._admit(demand_of_message(message, is_realtime=self._is_realtime))
        self._awaited.append(_event_id(message))
        if admission.output_cap is None:
            return message
        return clamped_message(message, admission.output_cap, is_realtime=self._is_realtime)

    async def saw(self, message: str) -> ApiError | None:
        """Take note of a ``message`` of the upstream's.

        Returns the error for a response that it began by itself, and that is to be cancelled.
        """
        if BEGIN_OF_ANSWER in message[:TYPE_CHARS]:
            return await self._began()
        if self._running and any(end in message[:TYPE_CHARS] for end in ENDS_OF_ANSWERS):
            self._running -= 1
            self._responses.end()
        elif self._awaited and ERROR in message[:TYPE_CHARS]:
            self._failed(message)
        return None

    def close(self) -> None:
        """The socket is closed."""
        self._responses.close()

    async def _admit(self, demand: Demand) -> Admission:
        try:
            return await self._responses.admit(demand)
        except LimitError as exc:
            limit_counts.refuse(exc.rule.label)
            exc.is_shared = not exc.rule.is_own_of(self._caller)
            raise

    async def _began(self) -> ApiError | None:
        self._running += 1
        if self._awaited:
            self._awaited.pop(0)
            return None
        try:
            await self._admit(NOTHING)
        except LimitError as exc:
            return to_api_error(exc)
        return None

    def _failed(self, message: str) -> None:
        """Release what is held for a response that does not begin, as ``message`` says."""
        try:
            event = json_object(message.encode())
        except UnreadableAnswerError:
            return
        error = event.get("error")
        if event.get("type") != "error":
            return
        about = _event_id(error) if isinstance(error, dict) else ""
        if about in self._awaited and (about or not self._running):
            self._awaited.remove(about)
            self._responses.drop()


def _event_id(message: JsonObject) -> str:
    """The id that the client gave a message; empty where there is none."""
    value = message.get("event_id")
    return value if isinstance(value, str) else ""

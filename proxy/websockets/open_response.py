"""The response that a socket is in the midst of."""

from __future__ import annotations

from proxy.client_side.errors import ApiError
from proxy.client_side.request_id import new_request_id
from proxy.websockets.counting import BEGIN_OF_ANSWER, ENDS_OF_ANSWERS
from wire_formats.json_numbers import encoded_answer
from wire_formats.responses.broken_off import (
    begun_response,
    failed_response,
    number_behind,
    opening_in,
    response_of,
)


class OpenResponse:
    """Goes through the messages that a client is told, for one response after another.

    They are looked for words and not read: all that is held is how the response began, and the last
    of its messages.
    """

    def __init__(self) -> None:
        self._opening = b""
        self._last = ""

    @property
    def is_open(self) -> bool:
        return bool(self._opening)

    def see(self, message: str) -> None:
        """Take note of an event."""
        if not self._opening:
            if BEGIN_OF_ANSWER in message:
                self._opening = opening_in(b"data: " + message.encode())
                self._last = message
        elif any(end in message for end in ENDS_OF_ANSWERS):
            self._opening, self._last = b"", ""
        else:
            self._last = message

    def failed(self, error: ApiError) -> str:
        """The event that ends the response with ``error``; empty where none is open."""
        if not self._opening:
            return ""
        begun = begun_response(new_request_id(), response_of(self._opening))
        event = {
            "type": "response.failed",
            "sequence_number": number_behind(self._last.encode()),
            "response": failed_response(begun, error.code or error.type, error.message),
        }
        self._opening, self._last = b"", ""
        return encoded_answer(event).decode()

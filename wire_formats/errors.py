"""The errors of a translation between two formats.

WireFormatError
├── UnsendableError         the request cannot be written in the format of the upstream
└── UnreadableAnswerError   the upstream's answer is not what its format says it is
    └── EventTooLongError   an event grew past the cap without an end in sight

Messages are safe to show: no URL, no key, nothing the upstream said.
"""

from __future__ import annotations


class WireFormatError(Exception):
    """The base of all. ``message`` is one or more whole sentences."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnsendableError(WireFormatError):
    """The request itself is at fault. ``param`` is the place in it, where that is known."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class UnreadableAnswerError(WireFormatError):
    """The upstream is to blame."""


class EventTooLongError(UnreadableAnswerError):
    def __init__(self) -> None:
        super().__init__("The upstream sent an event that is too long.")

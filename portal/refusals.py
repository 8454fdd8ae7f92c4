"""Why a person may not have something: one refusal for pages and for the API."""

from __future__ import annotations


class RefusedError(Exception):
    """``message`` is safe to show. ``field`` is the one that it is about, empty for none."""

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code


class ForbiddenError(RefusedError):
    """The person, or their key, may not do this at all, whatever the fields say."""


class NotTheirsError(RefusedError):
    """There is no such row of this person. The same for a row of another person."""

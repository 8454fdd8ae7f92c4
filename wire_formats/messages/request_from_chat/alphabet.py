"""Names and ids in the alphabet and the lengths that Anthropic takes."""

from __future__ import annotations

from wire_formats.fitting import fitted

LONGEST_ID = 64
LONGEST_NAME = 128
DIGITS = 16


def own_id(call_id: str) -> str:
    """The id of a call."""
    return fitted(call_id, longest=LONGEST_ID, digits=DIGITS) if call_id else "call"


def own_name(name: str) -> str:
    """The name of a tool."""
    return fitted(name, longest=LONGEST_NAME, digits=DIGITS)

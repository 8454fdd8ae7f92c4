"""What a request asks for, as far as it says so beforehand."""

from __future__ import annotations

from typing import NamedTuple


class Demand(NamedTuple):
    """``output_tokens`` is the maximum that the request names, for all of its answers together;
    None where it names none. What cannot be told beforehand is 0. ``service_tier`` is the one that
    it asks for, empty for the usual one. ``is_detached``: it goes on after its answer, so that no
    record tells what it used.
    """

    input_tokens: int = 0
    output_tokens: int | None = None
    images: int = 0
    audio_ms: int = 0
    characters: int = 0
    service_tier: str = ""
    is_detached: bool = False


NOTHING = Demand()


def nothing() -> Demand:
    """The demand of what runs no model."""
    return NOTHING

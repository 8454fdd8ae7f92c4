"""Spans of time on the command line."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DURATION = re.compile(r"(\d{1,6})([smhdw])")


def duration(text: str) -> timedelta:
    """``30m``, ``24h``, ``7d``; ``0`` needs no unit."""
    if text == "0":
        return timedelta(0)
    match = DURATION.fullmatch(text)
    if match is None:
        raise ArgumentTypeError("a number with s, m, h, d or w is needed, such as 24h")
    return timedelta(**{UNITS[match[2]]: int(match[1])})

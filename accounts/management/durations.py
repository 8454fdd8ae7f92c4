"""Spans of time among the arguments of commands."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta

from infrastructure.time_spans import TimeSpanError, read_time_span


def duration(text: str) -> timedelta:
    """``30m``, ``24h``, ``7d``, ``4w``; ``0`` needs no unit. For argparse."""
    if text == "0":
        return timedelta(0)
    try:
        return read_time_span(text)
    except TimeSpanError as exc:
        raise ArgumentTypeError(str(exc)) from exc

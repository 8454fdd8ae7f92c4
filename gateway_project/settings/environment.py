"""The process environment, read once. ``.env`` beside manage.py fills in what is not set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")


def text(name: str, default: str = "") -> str:
    """A string without surrounding space; empty counts as not set."""
    # env.str() would read a value that begins with $, as a password may, as a variable's name.
    return str(env.ENVIRON.get(name, "")).strip() or default


def switch(name: str, *, default: bool) -> bool:
    """true/false, yes/no, on/off, 1/0. Raises ``ImproperlyConfigured`` for anything else."""
    value = text(name).lower()
    if not value:
        return default
    if value in {"true", "yes", "on", "1"}:
        return True
    if value in {"false", "no", "off", "0"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def number(name: str, *, default: float, minimum: float = 0) -> float:
    """A number of at least ``minimum``."""
    value = text(name)
    if not value:
        return default
    try:
        parsed = float(value)
    except ValueError as exc:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}.") from exc
    if not minimum <= parsed < float("inf"):
        raise ImproperlyConfigured(f"{name} must be a number of at least {minimum:g}.")
    return parsed


def choice(name: str, options: tuple[str, ...]) -> str:
    """One of ``options``, the first of which is the default."""
    value = text(name, options[0]).lower()
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def time_zone(name: str) -> str:
    """A name of the time zone database, such as Europe/Berlin; UTC if not set."""
    value = text(name, "UTC")
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ImproperlyConfigured(
            f"{name} must be a time zone such as Europe/Berlin, not {value!r}."
        ) from None
    return value


def items(name: str, *, separator: str = ",", keep_empty: bool = False) -> list[str]:
    """A list, as JSON or with ``separator`` between the items.

    ``keep_empty`` keeps empty items, which matters where two lists are read side by side.
    """
    value = text(name)
    if not value:
        return []
    parsed: Any = json_value(name, value) if value.startswith("[") else value.split(separator)
    if not isinstance(parsed, list) or not all(isinstance(item, str) for item in parsed):
        raise ImproperlyConfigured(f"{name} must be a list of strings.")
    stripped = [item.strip() for item in parsed]
    return stripped if keep_empty else [item for item in stripped if item]


def mapping(name: str) -> dict[str, Any]:
    """A JSON object."""
    value = text(name)
    if not value:
        return {}
    parsed = json_value(name, value)
    if not isinstance(parsed, dict):
        raise ImproperlyConfigured(f"{name} must be a JSON object.")
    return parsed


def json_value(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as exc:
        # The value may hold a secret: the message names only the position of the mistake.
        raise ImproperlyConfigured(f"{name} is not valid JSON: {exc}.") from None

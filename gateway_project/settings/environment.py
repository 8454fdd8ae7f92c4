"""The process environment, read once. ``.env`` beside manage.py fills in what is not set.

A value that cannot be used is noted in ``findings`` and its default stands in, so that the settings
can be read to their end and all problems are told at once. They are not used then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connections.rules.mending import mended, without_bearer, without_quotes
from gateway_project.settings.dotenv import read_dotenv
from gateway_project.settings.findings import is_refused, refuse, shape, warn
from gateway_project.settings.forms import url_problem
from gateway_project.settings.secret_files import SECRETS, raw_value

BASE_DIR = Path(__file__).resolve().parent.parent.parent
LARGEST = 2.0**53  # beyond it a number is no longer exact
MOST_DAYS = 36_500  # before or after now, such a number of days still leads to a date
Form = Callable[[str], str]

known: set[str] = set()  # names that were asked for


def fill_in(path: Path) -> None:
    """Set what the file at ``path`` says and the environment does not."""
    found = read_dotenv(path)
    for problem in found.problems:
        refuse(str(path), problem)
    for warning in found.warnings:
        warn(str(path), warning)
    for name, value in found.values.items():
        os.environ.setdefault(name, value)


fill_in(BASE_DIR / ".env")


def text(name: str, default: str = "", *, form: Form | None = None) -> str:
    """A string without what surrounds it by mistake; empty counts as not set.

    ``form`` says what is wrong with a value, in words that complete "NAME …".
    """
    value = _value(name)
    if value and form is not None and (problem := form(value)):
        refuse(name, f"{name} {problem}.")
    return value or default


def prose(name: str, default: str = "") -> str:
    """Words for people or models, whose quotes may be meant."""
    known.add(name)
    return os.environ.get(name, "").strip() or default


def token(name: str) -> str:
    """A secret that stands behind ``Bearer`` in a header."""
    return _without_bearer(name, name, text(name))


def url(name: str, *schemes: str) -> str:
    """A URL that may hold a user and a password. An @ in these is mended.

    Without ``schemes`` nothing but these is looked at.
    """
    value = text(name, form=lambda url: url_problem(url, schemes))
    scheme, there, rest = value.partition("://")
    authority, slash, path = rest.partition("/")
    userinfo, at, host = authority.rpartition("@")
    if "@" not in userinfo or scheme == "sqlite":
        return value
    warn(name, f"{name} holds an @ in its user or password. It is read as %40: write it so.")
    return f"{scheme}{there}{userinfo.replace('@', '%40')}{at}{host}{slash}{path}"


def switch(name: str, *, default: bool) -> bool:
    """true/false, yes/no, on/off, 1/0."""
    value = text(name).lower()
    if value in {"true", "yes", "on", "1"}:
        return True
    if value in {"false", "no", "off", "0"}:
        return False
    if value:
        refuse(name, f"{name} must be true or false; it is {shape(value)}.")
    return default


def number(name: str, *, default: float, minimum: float = 0, maximum: float = LARGEST) -> float:
    """A number from ``minimum`` to ``maximum``."""
    value = text(name)
    if not value:
        return default
    try:
        parsed = float(value) if "_" not in value else float("nan")
    except ValueError:
        parsed = float("nan")
    if isnan(parsed):
        refuse(
            name,
            f"{name} must be a number; it is {shape(value)}. Write digits alone, without a unit, "
            f"such as {default:.15g}.",
        )
        return default
    if not minimum <= parsed <= maximum:
        bound = f"least {minimum:g}" if parsed < minimum else f"most {maximum:.0f}"
        refuse(name, f"{name} must be a number of at {bound}.")
        return default
    return parsed


def whole_number(name: str, *, default: float, minimum: float = 0, maximum: float = LARGEST) -> int:
    """A number without a fraction."""
    parsed = number(name, default=default, minimum=minimum, maximum=maximum)
    if parsed != int(parsed) and parsed != default:
        refuse(name, f"{name} must be a whole number.")
    return int(parsed)


def choice(name: str, options: tuple[str, ...]) -> str:
    """One of ``options``, the first of which is the default."""
    value = text(name, options[0]).lower()
    if value in options:
        return value
    refuse(name, f"{name} must be one of {', '.join(options)}; it is {shape(value)}.")
    return options[0]


def time_zone(name: str) -> str:
    """A name of the time zone database, such as Europe/Berlin; UTC if not set."""
    value = text(name, "UTC")
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        refuse(name, f"{name} must be a time zone such as Europe/Berlin; it is {shape(value)}.")
        return "UTC"
    return value


def items(
    name: str,
    *,
    separator: str = ",",
    keep_empty: bool = False,
    are_tokens: bool = False,
    form: Form | None = None,
) -> list[str]:
    """A list, as JSON or with ``separator`` between the items.

    ``keep_empty`` keeps empty items, which matters where two lists are read side by side. ``form``
    looks at each item as :func:`text` has it look at a value. ``are_tokens``: each is as
    :func:`token` has it.
    """
    value = _value(name)
    if not value:
        return []
    parsed: Any = json_value(name, value) if is_json(value) else value.split(separator)
    if not _are_texts(name, parsed):
        return []
    found = [_item(name, number, item, form) for number, item in enumerate(parsed, start=1)]
    if are_tokens:
        found = [
            _without_bearer(name, f"Item {number} of {name}", item)
            for number, item in enumerate(found, start=1)
        ]
    return found if keep_empty else [item for item in found if item]


def lines(name: str) -> list[str]:
    """A list, as JSON or with a line for each item, whose quotes may be meant."""
    value = prose(name)
    parsed: Any = json_value(name, value) if value.startswith("[") else value.split("\n")
    if not _are_texts(name, parsed):
        return []
    return [item.strip() for item in parsed if item.strip()]


def mapping(name: str) -> dict[str, Any]:
    """A JSON object."""
    value = _value(name)
    if not value:
        return {}
    parsed = json_value(name, value)
    if is_refused(name):
        return {}
    if not isinstance(parsed, dict):
        refuse(name, f"{name} must be a JSON object; it is {shape(value)}.")
        return {}
    return parsed


def json_value(name: str, value: str) -> Any:
    """What ``value`` says; None if it is no JSON, which is noted."""
    try:
        if value.startswith('"'):
            warn(name, f"{name} stands in quotes, which are not taken as part of it.")
            value = json.loads(value) if '\\"' in value else value[1:-1]
        return json.loads(value)
    except ValueError as exc:
        # The value may hold a secret: the message names only the position of the mistake.
        refuse(
            name,
            f"{name} is not valid JSON: {exc}. JSON has double quotes around names and strings, "
            "true and false in lower case, and no comma behind the last item.",
        )
        return None


def is_json(value: str) -> bool:
    """Whether ``value`` begins as a JSON list does, also in quotes."""
    return value.startswith(("[", '"['))


def _value(name: str) -> str:
    known.update({name, f"{name}_FILE"} if name in SECRETS else {name})
    value, slips = mended(raw_value(name))
    if slips and value:
        warn(name, f"{name} is surrounded by {' and '.join(slips)}, not taken as part of it.")
    return value


def _without_bearer(name: str, subject: str, value: str) -> str:
    bare = without_bearer(value)
    if bare != value:
        warn(name, f"{subject} begins with Bearer, which is not taken as part of it.")
    return bare


def _are_texts(name: str, parsed: Any) -> bool:
    if isinstance(parsed, list) and all(isinstance(item, str) for item in parsed):
        return True
    if not is_refused(name):
        refuse(name, f"{name} must be a list of strings.")
    return False


def _item(name: str, number: int, item: str, form: Form | None) -> str:
    value = without_quotes(item.strip())
    if value != item.strip():
        warn(name, f"Item {number} of {name} stands in quotes, not taken as part of it.")
    if value and form is not None and (problem := form(value)):
        refuse(name, f"Item {number} of {name} {problem}.")
    return value

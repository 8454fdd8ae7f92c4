"""Reading one entry of configuration: typed fields, and errors that name entry and field.

A reader takes the value as YAML or JSON gave it and returns it typed, or raises ``ValueError`` with
words that complete "<field> …", such as "must be true or false". Readers never quote a value that
may be a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

Reader = Callable[[Any], Any]


class EntryError(Exception):
    """``subject`` is the entry in words, ``field`` what is wrong in it (empty: all of it)."""

    def __init__(self, subject: str, field: str, problem: str) -> None:
        super().__init__(" ".join(part for part in (f"{subject}:", field, problem) if part))
        self.subject = subject
        self.field = field
        self.problem = problem


def read_fields(
    subject: str, entry: Any, readers: Mapping[str, Reader], *, required: Iterable[str] = ()
) -> dict[str, Any]:
    """The fields of ``entry``, typed. A field set to null counts as not given."""
    if not isinstance(entry, Mapping):
        raise EntryError(subject, "", "must be a mapping of fields to values")
    given = {name: value for name, value in entry.items() if value is not None}
    for name in entry:
        if name not in readers:
            raise EntryError(subject, str(name), f"is not a field{near_miss(str(name), readers)}")
    for name in required:
        if name not in given:
            raise EntryError(subject, name, "is missing")
    return {name: _read(subject, name, readers[name], value) for name, value in given.items()}


def near_miss(text: str, known: Iterable[str]) -> str:
    """`` (did you mean …?)`` when ``text`` is close to something known, else nothing."""
    close = get_close_matches(text, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def text(value: Any) -> str:
    if isinstance(value, date):  # YAML reads an API version such as 2024-10-21 as a date
        return value.isoformat()
    if not isinstance(value, str):
        raise ValueError("must be a string; put it in quotes")  # noqa: TRY004 - one error per reader
    return value.strip()


def texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of strings")
    return tuple(item.strip() for item in value)


def switch(value: Any) -> bool:
    if not isinstance(value, bool):
        quoted = ", without quotes" if isinstance(value, str) else ""
        raise ValueError(f"must be true or false{quoted}")  # noqa: TRY004
    return value


def whole_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a whole number of at least 0")
    return value


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004
    if not 0 <= value < float("inf"):
        raise ValueError("must be a number of at least 0")
    return float(value)


def text_pairs(value: Any) -> tuple[tuple[str, str], ...]:
    """A mapping of strings to strings, as pairs sorted by name: their order means nothing."""
    if not isinstance(value, Mapping):
        raise ValueError("must be a mapping of names to strings")  # noqa: TRY004
    for name, content in value.items():
        if not isinstance(name, str) or not isinstance(content, str):
            raise ValueError(f"must hold only strings; put {name} in quotes")  # noqa: TRY004
    return tuple(sorted(value.items()))


def one_of(choices: Iterable[str]) -> Reader:
    """A reader for a closed set of strings."""
    known = [str(choice) for choice in choices]

    def read(value: Any) -> str:
        if value not in known:
            hint = near_miss(value, known) if isinstance(value, str) else ""
            raise ValueError(f"must be one of {', '.join(known)}{hint}")
        return str(value)

    return read


def _read(subject: str, name: str, reader: Reader, value: Any) -> Any:
    try:
        return reader(value)
    except ValueError as exc:
        raise EntryError(subject, name, str(exc)) from exc

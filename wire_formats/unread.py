"""Names the fields within a request that a translation does not read.

A translation tells what it reads of an object in a mapping from the names of its fields::

    {"url": ALL, "detail": Among(("auto",)), "source": {"data": ALL}}

``ALL`` stands for a field that is read whatever it holds, ``Among`` for one of which only some
values lose nothing, and a mapping for one that holds an object, or an array of objects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from wire_formats.json_types import JsonObject
from wire_formats.json_values import is_given


@dataclass(frozen=True, slots=True)
class Among:
    """Nothing is lost where a field holds one of ``values``."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ByType:
    """The fields of objects by their ``type``, which says "" for none.

    An object of another type is left to the translation, which reads all of it or names it.
    """

    fields: Mapping[str, Fields]


ALL: Final = None
NOTHING = Among(())
Fields: TypeAlias = "Mapping[str, Fields | ByType | Among | None]"


def all_of(*names: str) -> dict[str, Fields | ByType | Among | None]:
    """Fields that are read whatever they hold."""
    return dict.fromkeys(names, ALL)


def unread(value: Any, fields: Fields | ByType, place: str) -> list[str]:
    """The names of what ``value``, an object or an array of them, holds beside ``fields``.

    They begin with ``place`` and are dotted, without the numbers of elements. A field that says
    nothing, or false, is none.
    """
    return [f"{place}.{name}" for name in _unread(value, fields)]


def _unread(value: Any, fields: Fields | ByType) -> Sequence[str]:
    """Their names from ``value`` on; none is put together unless it is lost."""
    if isinstance(value, dict):
        return _unread_of(value, fields)
    if isinstance(value, list):
        return [name for each in value for name in _unread(each, fields)]
    return ()


def _unread_of(value: JsonObject, fields: Fields | ByType) -> Sequence[str]:
    known = _fields_of(value, fields) if isinstance(fields, ByType) else fields
    if known is None:
        return ()
    found: list[str] = []
    for name, held in value.items():
        inner = known.get(name, NOTHING)
        if inner is ALL:
            continue
        if not isinstance(inner, Among):
            found += [f"{name}.{each}" for each in _unread(held, inner)]
        elif is_given(held) and held is not False and held not in inner.values:
            found.append(name)
    return found


def _fields_of(value: JsonObject, fields: ByType) -> Fields | None:
    kind = value.get("type") or ""
    return fields.fields.get(kind) if isinstance(kind, str) else None

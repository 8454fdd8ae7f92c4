"""Names the fields within a request that a translation does not read.

A translation tells what it reads of an object in a mapping from the names of its fields::

    {"url": ALL, "detail": Among(("auto",)), "source": {"data": ALL}}

``ALL`` stands for a field that is read whatever it holds, ``Among`` for one of which only some
values lose nothing, and a mapping for one that holds an object, or an array of objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
Fields: TypeAlias = "Mapping[str, Fields | ByType | Among | None]"


def all_of(*names: str) -> dict[str, Fields | ByType | Among | None]:
    """Fields that are read whatever they hold."""
    return dict.fromkeys(names, ALL)


def unread(value: Any, fields: Fields | ByType, place: str) -> Iterator[str]:
    """The names of what ``value``, an object or an array of them, holds beside ``fields``.

    They begin with ``place`` and are dotted, without the numbers of elements. A field that says
    nothing, or false, is none.
    """
    if isinstance(value, list):
        for each in value:
            yield from unread(each, fields, place)
    if not isinstance(value, dict):
        return
    known = _fields_of(value, fields)
    if known is None:
        return
    for name, held in value.items():
        here = f"{place}.{name}"
        match known.get(name, Among(())):
            case None:
                pass
            case Among(values):
                if is_given(held) and held is not False and held not in values:
                    yield here
            case inner:
                yield from unread(held, inner, here)


def _fields_of(value: JsonObject, fields: Fields | ByType) -> Fields | None:
    if not isinstance(fields, ByType):
        return fields
    kind = value.get("type") or ""
    return fields.fields.get(kind) if isinstance(kind, str) else None

"""Requests with one nested field more, or another value in it, for property tests.

The SDKs' types say which fields there are: those of a request that stand in it, and those that
could, each down to its plain values.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import typing_extensions
from pydantic import BaseModel

# An id, a name, base64 and a word at once; nothing else holds it.
MARK = "Mark7x3QMark7x3Q"
UNKNOWN = "never_heard_of"
NUMBER = 7391
FRACTION = 0.8125
DEEPEST = 4
SPELLED = {
    "arguments": f'{{"city": "{MARK}"}}',
    "file_data": f"data:application/pdf;base64,{MARK}",
    "file_url": f"https://example.com/{MARK}",
    "image_url": f"https://example.com/{MARK}",
    "url": f"https://example.com/{MARK}",
}
TAGS = ("type", "role", "mode")


class _Absent:
    """No value: the field is not there."""


ABSENT: Any = _Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """``body`` holds ``value`` at ``path``; ``plain`` differs in the last field of it alone."""

    path: tuple[str | int, ...]
    value: Any
    body: Any
    plain: Any

    @property
    def place(self) -> str:
        """The path without the numbers in it, dotted."""
        return ".".join(each for each in self.path if isinstance(each, str))

    @property
    def kinds(self) -> frozenset[str]:
        """The types of the objects around the field."""
        found, inner = set(), self.body
        for step in self.path:
            inner = inner[0] if isinstance(inner, list) and isinstance(step, str) else inner
            if isinstance(inner, dict) and isinstance(inner.get("type"), str):
                found.add(inner["type"])
            inner = inner.get(step) if isinstance(inner, dict) else inner[step]
        return frozenset(found)

    @property
    def is_marked(self) -> bool:
        """Whether the value is one that can be found again."""
        return isinstance(self.value, str) and MARK in self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A ``whole`` with ``value`` at ``below``, and that without it."""

    whole: Any
    value: Any
    below: tuple[str, ...] = ()
    without: Any = ABSENT


def variants_of(kind: Any, body: dict[str, Any]) -> Iterator[Variant]:
    """Each field of the type ``kind`` and of all within it, one by one, in ``body``."""
    seen = []
    for path, made in _fields(kind, body, ()):
        if (path, made.whole) in seen:
            continue
        seen.append((path, made.whole))
        yield Variant(
            path=(*path, *made.below),
            value=made.value,
            body=_with(body, path, made.whole),
            plain=_with(body, path, made.without),
        )


def _fields(hint: Any, value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, _Made]]:
    """What could stand at places below ``path``, where ``value`` stands."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            for inner in _elements(hint):
                yield from _fields(inner, each, (*path, index))
    if not isinstance(value, dict):
        return
    for kind in _kinds(hint):
        if typing_extensions.is_typeddict(kind) and _is_of(kind, value):
            yield from _fields_of(kind, value, path)
        elif _is_mapping(kind):
            yield (*path, "marked"), _Made(whole=MARK, value=MARK)


def _fields_of(kind: Any, value: dict[str, Any], path: tuple[Any, ...]) -> Iterator[Any]:
    yield (*path, UNKNOWN), _Made(whole=MARK, value=MARK)
    for name, hint in _hints(kind).items():
        here = (*path, name)
        if isinstance(value.get(name), dict | list):
            yield from _fields(hint, value[name], here)
        elif name not in TAGS:
            for made in _made(hint, name, DEEPEST):
                is_other = _is_required(hint) and made.without is ABSENT
                without = value[name] if is_other else made.without
                if made.whole not in (value.get(name), without):
                    yield here, replace(made, without=without)


def _made(hint: Any, name: str, depth: int) -> Iterator[_Made]:
    """Values of the type ``hint`` for the field ``name``, each with one plain value that counts."""
    kinds = list(_kinds(hint))
    if str in kinds:  # some words are known beside it, which need no look each
        kinds = [kind for kind in kinds if typing.get_origin(kind) is not typing.Literal]
    for kind in kinds:
        if typing_extensions.is_typeddict(kind):
            yield from _objects(kind, depth)
        elif _is_mapping(kind):
            yield _Made(whole={"marked": MARK}, value=MARK, below=("marked",), without={})
        elif _is_list(kind):
            inner = (typing.get_args(kind) or (str,))[0]
            for made in _made(inner, name, depth - 1) if depth else ():
                without = [] if made.without is ABSENT else [made.without]
                yield replace(made, whole=[made.whole], without=without)
        else:
            yield from (_Made(whole=each, value=each) for each in _plain(kind, name))


def _plain(kind: Any, name: str) -> tuple[Any, ...]:
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind)
    known: dict[Any, tuple[Any, ...]] = {
        bool: (True, False),
        float: (FRACTION,),
        int: (NUMBER,),
        object: (MARK,),
        str: (SPELLED.get(name, MARK),),
    }
    return known.get(kind, ())


def _objects(kind: Any, depth: int) -> Iterator[_Made]:
    """Objects of the type ``kind`` with all that is required, and one field that counts."""
    if not depth:
        return
    hints = _hints(kind)
    least = {name: _least(hint, name, depth) for name, hint in hints.items() if _is_required(hint)}
    if hints.keys() - {*TAGS}:
        yield _Made(whole=least | {UNKNOWN: MARK}, value=MARK, below=(UNKNOWN,), without=least)
    else:
        yield _Made(whole=least, value=least)
    for name, hint in hints.items():
        for made in _made(hint, name, depth - 1) if name not in TAGS else ():
            without = least.get(name) if made.without is ABSENT else made.without
            yield _Made(
                whole=least | {name: made.whole},
                value=made.value,
                below=(name, *made.below),
                without=least if without is None else least | {name: without},
            )


def _least(hint: Any, name: str, depth: int) -> Any:
    """The first value of a type, with nothing in it that is like a marker."""
    made = next(_made(hint, name, max(depth - 1, 1)), None)
    return {} if made is None else _unmarked(made.whole)


def _unmarked(value: Any) -> Any:
    match value:
        case str():
            return value.replace(MARK, "aW1n")
        case dict():
            return {name: _unmarked(each) for name, each in value.items()}
        case list():
            return [_unmarked(each) for each in value]
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing_extensions.get_type_hints(kind, include_extras=True)


def _kinds(hint: Any) -> Iterator[Any]:
    """``hint`` without its wrapping, or the members of the union that it is."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing_extensions.Required, typing_extensions.NotRequired, typing.Annotated}:
        yield from _kinds(arguments[0])
    elif origin in {typing.Union, types.UnionType}:
        for each in arguments:
            yield from _kinds(each)
    elif not (isinstance(hint, type) and issubclass(hint, BaseModel)):
        yield hint


def _elements(hint: Any) -> Iterator[Any]:
    for kind in _kinds(hint):
        if _is_list(kind):
            yield from typing.get_args(kind)


def _is_list(kind: Any) -> bool:
    origin = typing.get_origin(kind) or kind
    is_iterable = isinstance(origin, type) and issubclass(origin, Iterable)
    is_sequence = getattr(origin, "__name__", "") == "SequenceNotStr"
    return is_sequence or (is_iterable and origin is not str and not issubclass(origin, Mapping))


def _is_mapping(kind: Any) -> bool:
    origin = typing.get_origin(kind) or kind
    return (
        isinstance(origin, type)
        and issubclass(origin, Mapping)
        and not (typing_extensions.is_typeddict(kind))
    )


def _is_of(kind: Any, value: dict[str, Any]) -> bool:
    """Whether ``value`` is meant to be of the type ``kind``: its tags are, and it lacks nothing."""
    hints = _hints(kind)
    if not value.keys() <= hints.keys():
        return False
    for name, hint in hints.items():
        if _is_required(hint) and name not in value:
            return False
        words = [each for it in _kinds(hint) for each in typing.get_args(it)]
        if name in TAGS and name in value and value[name] not in words:
            return False
    return True


def _is_required(hint: Any) -> bool:
    return typing.get_origin(hint) is typing_extensions.Required


def _with(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """``body`` with ``value`` at ``path``; without the field there where it is ``ABSENT``."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(body, list):
        return [_with(each, rest, value) if n == first else each for n, each in enumerate(body)]
    if not rest and value is ABSENT:
        return {name: each for name, each in body.items() if name != first}
    return body | {first: _with(body.get(first), rest, value)}

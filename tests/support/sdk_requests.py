"""Requests that the SDKs' types of parameters accept, for property tests."""

from __future__ import annotations

import collections.abc
import io
import os
import types
import typing
from collections.abc import Iterable
from functools import cache
from typing import Any

import typing_extensions
from hypothesis import strategies as st
from pydantic import BaseModel

TEXTS = st.sampled_from(["", "a", "Paris", "toolu_1", "f", " ", "https://example.com/a.png", "é"])
DATA = st.dictionaries(st.sampled_from(["city", "b"]), st.sampled_from([1, "x", None]), max_size=2)
ADDRESSES = st.sampled_from(["https://example.com/a.png", "data:image/png;base64,aW1n"])
NAMES_OF_ADDRESSES = frozenset({"file_url", "image_url", "url"})
# Left out where they may be, since whoever names an object of the account is refused.
NAMES_OF_OBJECTS = frozenset({"container", "container_id", "file_id", "file_ids"})
DEEPEST = 6
MOST_OPTIONAL = 6


@cache
def accepted_by(kind: Any, depth: int = DEEPEST) -> st.SearchStrategy[Any]:
    """What the type ``kind`` of an SDK accepts: a ``TypedDict``, a union of them, and so on."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {typing_extensions.Required, typing_extensions.NotRequired, typing.Annotated}:
        return accepted_by(arguments[0], depth)
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin in {typing.Union, types.UnionType}:
        kinds = [each for each in arguments if _is_sent(each)]
        return st.one_of([accepted_by(each, depth) for each in _shallow(kinds, depth)])
    if origin in {dict, collections.abc.Mapping}:
        return DATA
    if origin is not None or _name(kind) == "SequenceNotStr":
        inner = arguments[0] if arguments else str
        return st.lists(accepted_by(inner, depth - 1), max_size=2 if depth > 1 else 0)
    return _plain(kind, depth)


@st.composite
def requests_of(draw: st.DrawFn, kind: Any, without: frozenset[str] = frozenset()) -> Any:
    """A whole request of the type ``kind`` with a few of its optional fields; none of ``without``.

    With half of all fields, something would be refused in almost every request.
    """
    hints = typing_extensions.get_type_hints(kind, include_extras=True)
    required = [name for name, hint in hints.items() if _is_required(hint)]
    optional = sorted(hints.keys() - {*required, *without})
    chosen = draw(st.lists(st.sampled_from(optional), unique=True, max_size=MOST_OPTIONAL))
    return {name: draw(accepted_by(hints[name], DEEPEST - 1)) for name in [*required, *chosen]}


def _plain(kind: Any, depth: int) -> st.SearchStrategy[Any]:
    if typing_extensions.is_typeddict(kind):
        return _typed_dict(kind, depth)
    plain = {str: TEXTS, int: st.integers(0, 5000), bool: st.booleans(), type(None): st.none()}
    plain[float] = st.sampled_from([0, 0.5, 1.0])
    return plain.get(kind, DATA)


def _typed_dict(kind: Any, depth: int) -> st.SearchStrategy[Any]:
    hints = typing_extensions.get_type_hints(kind, include_extras=True)
    required = {name: each for name, each in hints.items() if _is_required(each)}
    rare = NAMES_OF_OBJECTS | required.keys()
    optional = {name: hints[name] for name in hints if name not in rare and depth > 1}
    return st.fixed_dictionaries(
        {name: _field(name, each, depth) for name, each in required.items()},
        optional={name: _field(name, each, depth) for name, each in optional.items()},
    )


def _field(name: str, hint: Any, depth: int) -> st.SearchStrategy[Any]:
    return ADDRESSES if name in NAMES_OF_ADDRESSES else accepted_by(hint, depth - 1)


def _is_required(hint: Any) -> bool:
    """The SDKs write it out: their annotations are strings, which hide it from the class."""
    return typing.get_origin(hint) is typing_extensions.Required


def _shallow(kinds: Iterable[Any], depth: int) -> list[Any]:
    """``kinds`` without objects where it is deep enough, unless there is nothing else."""
    every = list(kinds)
    flat = [each for each in every if not typing_extensions.is_typeddict(each)]
    return flat if depth <= 1 and flat else every


def _is_sent(kind: Any) -> bool:
    """Whether it is sent as it is: no model of an answer, no file that the SDK reads first."""
    if typing.get_origin(kind) in {typing.IO, os.PathLike}:
        return False
    return not (isinstance(kind, type) and issubclass(kind, (BaseModel, io.IOBase, os.PathLike)))


def _name(kind: Any) -> str:
    return str(getattr(typing.get_origin(kind) or kind, "__name__", ""))

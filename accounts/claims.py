"""The claims of a provider, in the forms in which providers write them.

A claim may stand at the top or deep inside, and the names in it may be an array, the keys of an
object, text, or objects of their own. What cannot be read is told apart from what is empty: an
empty claim takes groups away, an unreadable one must not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OVERAGE = "_claim_names"  # the claims that a token had no room for, as Entra ID tells it
MISSING: Any = object()  # no JSON value, not even null
# The fields that name an object, the best first. They are compared without case and underscores.
NAME_FIELDS = (
    *("name", "displayname", "display", "groupname", "rolename"),
    *("group", "role", "path", "value", "id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """``is_complete``: all of the claim was read, so a name that is not here is not claimed."""

    names: frozenset[str]
    is_complete: bool


def find(claims: Any, name: str) -> Any:
    """The value of the claim ``name``, or ``MISSING``.

    Dots lead into objects, as in ``realm_access.roles``. Keys may hold dots themselves, as URLs do:
    the longest key that is there wins.
    """
    if not isinstance(claims, Mapping):
        return MISSING
    if name in claims:
        return claims[name]
    for dot in reversed([match.start() for match in re.finditer(r"\.", name)]):
        found = find(claims.get(name[:dot]), name[dot + 1 :])
        if found is not MISSING:
            return found
    return MISSING


def is_elsewhere(claims: Mapping[str, Any], name: str) -> bool:
    """Whether the provider says that the claim ``name`` has to be asked for in another place."""
    names = claims.get(OVERAGE)
    return isinstance(names, Mapping) and name in names


def read_names(value: Any, is_known: Callable[[str], bool]) -> Names:
    """The names in the value of a claim.

    Text is split at semicolons, or else at commas, unless ``is_known`` says that the whole of it is
    a name, as those of directories hold commas. At blanks it is split only where each part is
    known: names may hold blanks, and one called "x admins" must not make an admin.
    """
    if isinstance(value, str):
        value = _unpacked(value)
    if isinstance(value, str):
        return _complete([value] if is_known(plain(value)) else _split(value, is_known))
    if isinstance(value, Mapping):
        name = _name_of(value)
        return _complete([name] if name else _keys_of(value))
    if not isinstance(value, list | tuple):
        return Names(names=frozenset(), is_complete=False)
    names = [_name_of(item) for item in value]
    read = _complete(name for name in names if name is not None)
    return Names(names=read.names, is_complete=None not in names)


def plain(name: str) -> str:
    """One form of a group's name. Keycloak writes groups as paths, ``/team/a``."""
    return name.strip().lstrip("/")


def text_of(value: Any) -> str:
    """A claim that is one line of text; empty for any other."""
    return value.strip() if isinstance(value, str) and value.isprintable() else ""


def is_true(value: Any) -> bool:
    """Whether a claim says yes. Some providers write booleans as text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def shape(value: Any) -> str:
    """A value as a log may describe it: its type and size, and nothing of what it says."""
    if value is MISSING:
        return "nothing"
    match value:
        case str():
            return f"a string of {len(value)} characters"
        case Mapping():
            return f"an object of {len(value)} fields"
        case list() | tuple():
            kinds = sorted(set(map(kind, value)))
            return f"an array of {len(value)} ({', '.join(kinds)})" if kinds else "an empty array"
    return "null" if value is None else f"a {kind(value)}"


def kind(value: Any) -> str:
    """The JSON type of a value, such as ``null`` or ``array``."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case Mapping():
            return "object"
    return "array"


def _complete(names: Iterable[str]) -> Names:
    return Names(names=frozenset(filter(None, map(plain, names))), is_complete=True)


def _keys_of(memberships: Mapping[str, Any]) -> list[str]:
    """The keys of an object, without those that stand for no membership."""
    return [key for key, has in memberships.items() if not _is_denied(has)]


def _is_denied(value: Any) -> bool:
    """Whether a claim says no. An empty object or array may be all there is to say of a yes."""
    is_text = isinstance(value, str)
    return value.strip().lower() in {"", "0", "false"} if is_text else value in (None, False, 0)


def _unpacked(text: str) -> Any:
    """The value of the JSON in ``text``; ``text`` itself where it holds none."""
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _split(text: str, is_known: Callable[[str], bool]) -> list[str]:
    for separator in (";", ","):
        if separator in text:
            return text.split(separator)
    parts = text.split()
    return parts if all(is_known(plain(part)) for part in parts) else [text]


def _name_of(item: Any) -> str | None:
    """The name in one item of an array; None if it cannot be read."""
    if isinstance(item, Mapping):
        fields = {str(key).lower().replace("_", ""): each for key, each in item.items()}
        names = (_name_of(fields[field]) for field in NAME_FIELDS if _is_scalar(fields.get(field)))
        return next((name for name in names if name), None)
    return str(item) if _is_scalar(item) else None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)

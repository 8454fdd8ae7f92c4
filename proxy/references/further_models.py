"""Further models that a body names: each under the upstream's own name, or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.caller import Caller
from models_registry.registry import active
from models_registry.targets import Target
from proxy.client_side.errors import InvalidRequestError, ModelNotFoundError
from proxy.references.names import Kind, is_listed, kind_at
from proxy.references.opaque import OPAQUE, PLAIN_FIELDS, is_opaque
from proxy.references.reading import DEEPEST, MESSAGES, Path, shown
from wire_formats.json_types import JsonObject

NameFor = Callable[[Path, str], str]
# What an entry of a list of fallbacks may hold beside a name.
OF_CALLS = PLAIN_FIELDS | MESSAGES | {"prompt", "system", "tools"}


def renamed(body: JsonObject, name_for: NameFor) -> JsonObject:
    """``body`` with ``name_for(path, name)`` in place of every further model's name.

    The ``model`` of the body itself stays. Raises what ``name_for`` does, and ``ApiError`` for
    what is no name.
    """
    return {
        name: value
        if name == "model" or name in PLAIN_FIELDS
        else _field((), name, value, name_for)
        for name, value in body.items()
    }


def upstream_name(path: Path, name: str, *, target: Target, caller: Caller) -> str:
    """The name that ``target``'s connection has for the model that ``caller`` calls ``name``.

    A model that passes other filters than the target's would be asked around them: it is taken
    for one that the connection does not have. Raises ``ApiError``.
    """
    usable = active().snapshot.view(caller).route(name)
    if not usable:
        raise ModelNotFoundError(name, param=shown(path))
    for other in usable:
        if other.connection is target.connection and other.filters == target.filters:
            return other.model
    raise InvalidRequestError(
        f"The model `{name[:200]}` in `{shown(path)}` is not served together with the model "
        "of this request.",
        param=shown(path),
        code="model_not_served_together",
    )


def _field(path: Path, name: str, value: Any, name_for: NameFor) -> Any:
    here = (*path, name)
    match kind_at(path, name):
        case Kind.MODEL:
            return _one(here, value, name_for)
        case Kind.MODELS:
            return _several(here, value, name_for)
        case _:
            return _inside(here, value, name_for)


def _inside(here: Path, value: Any, name_for: NameFor) -> Any:
    if len(here) > DEEPEST:
        raise InvalidRequestError("The request is nested too deeply.")
    if isinstance(value, dict):
        return {
            name: each if is_opaque(name, value) else _field(here, name, each, name_for)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_inside((*here, place), each, name_for) for place, each in enumerate(value)]
    return value


def _one(here: Path, value: Any, name_for: NameFor) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        place = shown(here)
        raise InvalidRequestError(f"`{place}` must be a string.", param=place)
    if not value:
        raise ModelNotFoundError(value, param=shown(here))
    return name_for(here, value)


def _several(here: Path, value: Any, name_for: NameFor) -> Any:
    """A name, an array of names, or an object that has names for keys."""
    match value:
        case str() if value:
            return name_for(here, value)
        case list():
            return [_several((*here, n), each, name_for) for n, each in enumerate(value)]
        case dict():
            return dict(_entry(here, name, each, name_for) for name, each in value.items())
        case _:
            return value


def _entry(here: Path, name: str, value: Any, name_for: NameFor) -> tuple[str, Any]:
    if is_listed(name):  # a model's own name may end like a field
        return name, _field(here, name, value, name_for)
    if name in OF_CALLS or name in OPAQUE:
        return name, _inside((*here, name), value, name_for)
    return name_for((*here, name), name), _several((*here, name), value, name_for)

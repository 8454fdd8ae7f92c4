"""Reading a body for what it refers to. A pure function; no caller and no target are known here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from proxy.client_side.errors import InvalidRequestError, RequestTooComplexError
from proxy.references.addresses import is_elsewhere, names_an_object
from proxy.references.blocks import BLOCKS_OF_ONE, MOST_BLOCKS, are_plain_blocks
from proxy.references.items import ITEM_FIELDS, ITEM_REFERENCE, stands_for_another
from proxy.references.names import Kind, folded, kind_at, odd_spelling
from proxy.references.opaque import (
    PLAIN_FIELDS,
    TEXT_FIELDS,
    are_plain_functions,
    are_plain_messages,
    is_opaque,
    is_plain_list,
    is_rich,
)
from wire_formats.json_types import JsonObject

Path = tuple[str | int, ...]
DEEPEST = 100  # steps of a path; each takes three frames of Python's stack
MOST_FIELDS = 1_000_000  # with elements of arrays; GATEWAY_MAX_JSON_STRUCTURE lets no more in
MESSAGES = frozenset({"messages", "input"})
# Values of a realtime response's `conversation` that name none.
NO_CONVERSATION = frozenset({"auto", "none"})
CONTAINERS = frozenset({"container", "container_id"})
THREAD: Path = ("thread",)
PREVIOUS_MESSAGE = "previous_message_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """``value`` stands at ``path``. ``is_address``: it says where a picture or a file is."""

    path: Path
    value: Any
    is_address: bool = False

    @property
    def place(self) -> str:
        """The path as errors show it, such as ``tools[0].file_ids``."""
        return shown(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """The references of a body.

    ``responses``, ``items``, ``containers`` and ``threads`` may be the caller's own; ``objects``
    are of the account. A thread is referred to by its last message.
    """

    responses: tuple[Reference, ...] = ()
    items: tuple[Reference, ...] = ()
    containers: tuple[Reference, ...] = ()
    threads: tuple[Reference, ...] = ()
    objects: tuple[Reference, ...] = ()
    has_models: bool = False


NONE = References()


def references_in(body: JsonObject, *, most: int = MOST_FIELDS) -> References:
    """The references of ``body``, apart from the model that its own ``model`` names.

    Raises ``InvalidRequestError`` for a guarded field in a spelling of its own, and
    ``RequestTooComplexError`` where more than ``most`` fields and elements had to be read.
    """
    reader: _Reader | None = None
    for name, value in body.items():
        if name == "model" or (name in PLAIN_FIELDS and not is_rich(name, value)):
            continue
        if type(value) is list and _is_plain(name, value):
            continue
        if reader is None:
            reader = _Reader(most)
        reader.field((), name, value)
    return NONE if reader is None else reader.found()


def shown(path: Path) -> str:
    """``path`` as errors show it."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step[:100]}" for step in path)
    return text.removeprefix(".")


def _is_plain(name: str, values: list[Any], *, most: int = MOST_BLOCKS) -> bool:
    if name in MESSAGES:
        are_items = name == "input"
        return are_plain_messages(values) or are_plain_blocks(
            values, are_items=are_items, most=most
        )
    return name == "tools" and are_plain_functions(values)


class _Reader:
    """Collects while it walks. Names decide, wherever they stand."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._found: dict[str, dict[Path, Reference]] = {
            "responses": {},
            "items": {},
            "containers": {},
            "threads": {},
            "objects": {},
        }
        self._has_models = False

    def found(self) -> References:
        found = {name: tuple(references.values()) for name, references in self._found.items()}
        if not self._has_models and not any(found.values()):
            return NONE
        return References(**found, has_models=self._has_models)

    def field(self, path: Path, name: str, value: Any) -> None:
        self._count(1)
        kind = kind_at(path, name)
        here = (*path, name)
        match kind:
            case Kind.DEFINITION if value:
                raise unaccepted(here)
            case Kind.OBJECT if is_id(value):
                is_thread = name == PREVIOUS_MESSAGE and path == THREAD
                self._note("threads" if is_thread else _list_of(name, value), here, value)
            case Kind.RESPONSE if value is not None:
                self._note("responses", here, value)
            case Kind.HOLDER | Kind.NAMED_HOLDER:
                self._holder(kind, here, name, value)
            case Kind.ADDRESS:
                self._address(here, name, value, names_an_object)
            case Kind.CONTENT:
                self._address(here, name, value, is_elsewhere)
            case Kind.READ:
                self._inside(here, name, value)
            case None | Kind.MODEL | Kind.MODELS:
                self._has_models = self._has_models or names_a_model(kind, value)
                self._inside(here, name, value)

    def _holder(self, kind: Kind, here: Path, name: str, value: Any) -> None:
        if not isinstance(value, dict | list):
            is_none = name == "conversation" and len(here) > 1 and value in NO_CONVERSATION
            if value and kind is Kind.NAMED_HOLDER and not is_none:
                self._note(_list_of(name, value), here, value)
            return
        for path, each in _objects(here, value):
            for key, held in each.items():
                if folded(key) == "id" and held:
                    if key != "id":
                        raise odd_spelling(key, "id")
                    self._note(_list_of(name, held), (*path, key), held)
        if isinstance(value, list) and kind is Kind.NAMED_HOLDER:
            for place, each in enumerate(value):
                if isinstance(each, str) and each:
                    self._note("objects", (*here, place), each)
        self._inside(here, name, value)

    def _address(self, here: Path, name: str, value: Any, is_object: Callable[[Any], bool]) -> None:
        for place, each in enumerate(value) if isinstance(value, list) else ((None, value),):
            if is_object(each):
                path = here if place is None else (*here, place)
                self._found["objects"][path] = Reference(path=path, value=each, is_address=True)
        self._inside(here, name, value)

    def _inside(self, here: Path, name: str, value: Any) -> None:
        if type(value) is dict:
            self._object(here, value)
        elif type(value) is list and not is_plain_list(value):
            if len(here) > DEEPEST:
                raise InvalidRequestError("The request is nested too deeply.")
            self._count(len(value))
            for place, each in enumerate(value):
                if _is_plain(name, [each], most=BLOCKS_OF_ONE):
                    continue
                if type(each) is dict:
                    if name == "input":
                        self._item((*here, place), each)
                    self._object((*here, place), each)
                elif type(each) is list:
                    self._inside((*here, place), name, each)

    def _object(self, here: Path, fields: JsonObject) -> None:
        if TEXT_FIELDS.issuperset(fields):
            return
        if len(here) > DEEPEST:
            raise InvalidRequestError("The request is nested too deeply.")
        kind = fields.get("type")
        if isinstance(kind, str) and folded(kind) == ITEM_REFERENCE:
            self._item(here, fields)
        for name, value in fields.items():
            if not is_opaque(name, fields):
                self.field(here, name, value)

    def _item(self, here: Path, item: JsonObject) -> None:
        for name in item:
            if (known := ITEM_FIELDS.get(folded(name), name)) != name:
                raise odd_spelling(name, known)
        if stands_for_another(item):
            self._note("items", (*here, "id"), item["id"])

    def _count(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise RequestTooComplexError

    def _note(self, name: str, path: Path, value: Any) -> None:
        self._found[name][path] = Reference(path=path, value=value)


def _list_of(name: str, value: Any) -> str:
    """Where to note an object: a container may be known from an answer to the caller."""
    return "containers" if name in CONTAINERS and isinstance(value, str) else "objects"


def names_a_model(kind: Kind | None, value: Any) -> bool:
    """Whether ``value``, at a field of the ``kind``, names one."""
    if kind is Kind.MODELS:
        return isinstance(value, str | list | dict) and bool(value)
    return kind is Kind.MODEL and value is not None


def is_id(value: Any) -> bool:
    """Whether ``value`` could name an object, or several: anything but null, false and empty."""
    return value is not False and (bool(value) or value == 0)


def unaccepted(path: Path) -> InvalidRequestError:
    """The error of a client that sets up models of its own."""
    place = shown(path)
    return InvalidRequestError(
        f"`{place}` is not accepted: models are set up by administrators.",
        param=place,
        code="unsupported_field",
    )


def _objects(here: Path, value: Any) -> Iterator[tuple[Path, JsonObject]]:
    if isinstance(value, dict):
        yield here, value
    elif isinstance(value, list):
        for place, each in enumerate(value):
            if isinstance(each, dict):
                yield (*here, place), each

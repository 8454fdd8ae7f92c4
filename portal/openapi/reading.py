"""The document in the form that the page shows: operations by their subject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from portal.openapi.document import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A parameter or a field of a body. ``kind`` is its type in words, empty for any."""

    name: str
    place: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    body_kinds: tuple[str, ...]
    answer_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    name: str
    operations: tuple[Operation, ...]


def subjects_of(document: JsonObject) -> list[Subject]:
    """The operations of ``document``, in its order, by the subject that each has as its tag."""
    by_name: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            operation = _operation(document, path, method, told)
            by_name.setdefault(told["tags"][0], []).append(operation)
    return [Subject(name=name, operations=tuple(found)) for name, found in by_name.items()]


def _operation(document: JsonObject, path: str, method: str, told: JsonObject) -> Operation:
    content = told.get("requestBody", {}).get("content", {})
    answer = next(iter(told["responses"].values()))
    return Operation(
        id=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        description=told.get("description", ""),
        fields=(*_parameters(told), *_body_fields(document, content)),
        body_kinds=tuple(content),
        answer_kinds=tuple(answer["content"]),
    )


def _parameters(told: JsonObject) -> Iterator[Field]:
    for each in told.get("parameters", ()):
        yield _field(
            each["name"],
            each["in"],
            each["schema"] | {"description": each.get("description", "")},
            is_required=each.get("required", False),
        )


def _body_fields(document: JsonObject, content: JsonObject) -> Iterator[Field]:
    """The fields of the first kind of body; a form has the same ones."""
    for media in list(content.values())[:1]:
        schema = document["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
        required = schema.get("required", ())
        for name, told in schema.get("properties", {}).items():
            yield _field(name, "body", told, is_required=name in required)


def _field(name: str, place: str, told: JsonObject, *, is_required: bool) -> Field:
    return Field(
        name=name,
        place=place,
        kind=_kind(told),
        is_required=is_required,
        description=_described(told),
    )


def _kind(told: JsonObject) -> str:
    kinds: Any = told.get("type", ())
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    if told.get("format") == "binary":
        return "file"
    return " or ".join(name for name in names if name != "null")


def _described(told: JsonObject) -> str:
    parts = [told["description"]] if told.get("description") else []
    if choices := told.get("enum"):
        parts.append(f"One of {', '.join(map(str, choices))}.")
    if "default" in told:
        parts.append(f"Without it: {told['default']}.")
    return " ".join(parts)

"""The API as OpenAPI 3.1 describes it.

``document/*.yaml`` tell what is particular of each path, in a few words; this module says the rest.
Tests hold the paths, their methods and the required fields against the views, and the answers of a
gateway against the schemas.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "document"
PATHS = ("chat", "responses", "media", "account")
PARAMETER = re.compile(r"\{(\w+)\}")
JSON, EVENTS, FORM = "application/json", "text/event-stream", "multipart/form-data"
HEADERS = ("Authorization", "api-key", "x-api-key")
DESCRIPTION = (
    "Any client of OpenAI's API works with this base URL and an API key. Requests name the fields "
    "that the gateway looks at; all others go to the model unchanged. Sockets at "
    "`/chat/completions`, `/responses` and `/realtime` take the same requests as messages."
)
PAGING: dict[str, Any] = {
    "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}},
    "order": {"schema": {"type": "string", "enum": ["asc", "desc"], "default": "desc"}},
    "after": {"schema": {"type": "string"}, "description": "The id of the item before."},
}

JsonObject = dict[str, Any]


def document(base_url: str) -> JsonObject:
    """The whole document. ``base_url`` is where clients reach the API."""
    return {"openapi": "3.1.0", "servers": [{"url": base_url}], **_rest()}


@cache
def _rest() -> JsonObject:
    paths = {
        path: {method: operation(path, method, told) for method, told in methods.items()}
        for name in PATHS
        for path, methods in _read(name).items()
    }
    return {
        "info": {"title": "Gatehouse", "version": "1", "description": DESCRIPTION},
        "security": [{_scheme(name): []} for name in HEADERS],
        "paths": paths,
        "components": {
            "schemas": _read("schemas"),
            "securitySchemes": {_scheme(name): _scheme_of(name) for name in HEADERS},
        },
    }


def _read(name: str) -> JsonObject:
    read: JsonObject = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return read


def _scheme(header: str) -> str:
    return "bearer" if header == "Authorization" else header


def _scheme_of(header: str) -> JsonObject:
    if header == "Authorization":
        return {"type": "http", "scheme": "bearer"}
    return {"type": "apiKey", "in": "header", "name": header}


def operation(path: str, method: str, told: JsonObject) -> JsonObject:
    """One operation, of what a file tells of it."""
    made: JsonObject = {
        "operationId": _operation_id(path, method),
        "tags": [told["tag"]],
        "summary": told["summary"],
        "responses": _responses(path, told),
    }
    if "description" in told:
        made["description"] = told["description"]
    if parameters := [*_in_path(path, told), *_in_query(told)]:
        made["parameters"] = parameters
    if content := _body(told):
        made["requestBody"] = {"required": not told.get("optional_body"), "content": content}
    return made


def _operation_id(path: str, method: str) -> str:
    return "_".join([method, *re.findall(r"\w+", path)])


def _in_path(path: str, told: JsonObject) -> list[JsonObject]:
    schema = {"type": "integer", "minimum": 1} if told.get("integer_id") else {"type": "string"}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name in PARAMETER.findall(path)
    ]


def _in_query(told: JsonObject) -> list[JsonObject]:
    found = (PAGING if told.get("pages") else {}) | told.get("query", {})
    return [{"name": name, "in": "query", **fields} for name, fields in found.items()]


def _body(told: JsonObject) -> JsonObject:
    kinds = {"body": JSON, "form": FORM}
    return {kind: {"schema": _ref(told[name])} for name, kind in kinds.items() if name in told}


def _responses(path: str, told: JsonObject) -> JsonObject:
    error = "MessagesError" if path.startswith("/messages") else "Error"
    status = "201" if "creates" in told else "200"
    return {
        status: {"description": "What was asked for", "content": _answer(told)},
        "default": {
            "description": "An error: 400 bad request, 401 no good key, 403 not permitted, 404 not "
            "there or not yours, 413 too large, 429 a limit is reached, 5xx no model answered",
            "content": {JSON: {"schema": _ref(error)}},
        },
    }


def _answer(told: JsonObject) -> JsonObject:
    content: JsonObject = {}
    if schema := told.get("returns") or told.get("creates"):
        content[JSON] = {"schema": _ref(schema)}
    if told.get("streams") or told.get("only_streams"):
        content[EVENTS] = {"schema": {"type": "string"}}
    if kind := told.get("bytes"):
        content[kind] = {"schema": {"type": "string", "format": "binary"}}
    return content


def _ref(schema: str) -> JsonObject:
    return {"$ref": f"#/components/schemas/{schema}"}

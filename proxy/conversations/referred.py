"""Items of an input that stand for items which the gateway has kept, or has made itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from http import HTTPStatus
from typing import Any

from proxy.client_side.errors import AnsweredError, ApiError
from proxy.conversations.ids import is_own_item
from proxy.references.items import says_it_all
from wire_formats.json_types import JsonObject
from wire_formats.responses.sealed import is_sealed
from wire_formats.responses.stored_items import REFERENCE, kind_of_item

# Without its seal it says nothing of what its provider signed.
REASONING = "reasoning"
SIGNED = frozenset({REASONING, "compaction"})


def ids_to_look_up(items: list[Any]) -> set[str]:
    """The ids of the gateway's own by which ``items`` stand for others."""
    return {item["id"] for item in items if has_own_id(item) and _is_a_part(item)}


def with_items(
    items: list[Any], *, known: Mapping[Any, JsonObject], found: Mapping[Any, JsonObject]
) -> list[JsonObject]:
    """``items`` with those they stand for in their places: ``known`` before them, or ``found``.

    References to what stands before them are left out. Raises ``ApiError`` for one to nothing.
    """
    return list(_with_items(items, known, found))


def without_own_ids(body: JsonObject, *, keeps_reasoning: bool = False) -> JsonObject:
    """``body`` for upstreams, which know no id of the gateway's making.

    ``keeps_reasoning``: also where it has neither a seal nor an id any more, as chats take it.
    """
    items = body.get("input")
    if not isinstance(items, list) or not any(map(has_own_id, items)):
        return body
    return body | {
        "input": [
            _without_id(item) if has_own_id(item) else item
            for item in items
            if keeps_reasoning or not (has_own_id(item) and _is_unsealed(item))
        ]
    }


def bound_ids(items: Iterable[JsonObject]) -> set[str]:
    """The ids of those of ``items`` that mean something to the upstream alone that made them."""
    return {
        item["id"]
        for item in items
        if _is_bound(item) and not is_sealed(item.get("encrypted_content"))
    }


def without_bound(body: JsonObject, ids: Set[str], *, keeps_text: bool) -> JsonObject:
    """``body`` for an upstream that did not make the items ``ids``.

    ``keeps_text``: they stay for what they say, without their ids.
    """
    items = body.get("input")
    if not ids or not isinstance(items, list):
        return body
    return body | {
        "input": [
            _without_id(item) if _has_id_of(item, ids) else item
            for item in items
            if keeps_text or not _has_id_of(item, ids)
        ]
    }


def _with_items(
    items: list[Any], known: Mapping[Any, JsonObject], found: Mapping[Any, JsonObject]
) -> Iterator[Any]:
    for place, item in enumerate(items):
        id_ = item.get("id") if isinstance(item, dict) else None
        if not isinstance(id_, str) or not _is_a_part(item):
            yield item
        elif kind_of_item(item) != REFERENCE:
            yield found.get(id_) or known.get(id_) or item
        elif id_ in known:
            continue
        elif id_ in found:
            yield found[id_]
        elif is_own_item(id_):
            raise item_not_found(id_, f"input[{place}].id")
        else:
            yield item


def item_not_found(id_: str, place: str) -> ApiError:
    return AnsweredError(
        f"Item with id '{id_}' not found. Items are not kept where `store` is false. Send the item "
        "itself, or leave it out.",
        status=HTTPStatus.NOT_FOUND,
        kind="invalid_request_error",
        param=place,
        code="item_not_found",
    )


def has_own_id(item: Any) -> bool:
    """Whether ``item`` is one that the gateway has named."""
    return type(item) is dict and is_own_item(item.get("id"))


def _is_a_part(item: JsonObject) -> bool:
    """Whether ``item`` lacks what the one that it stands for has."""
    kind = kind_of_item(item)
    return kind == REFERENCE or _is_unsealed(item)


def _is_unsealed(item: JsonObject) -> bool:
    return item.get("type") == REASONING and not item.get("encrypted_content")


def _is_bound(item: JsonObject) -> bool:
    id_ = item.get("id")
    if not isinstance(id_, str) or is_own_item(id_):
        return False
    return item.get("type") in SIGNED or not says_it_all(item)


def _has_id_of(item: Any, ids: Set[str]) -> bool:
    return type(item) is dict and item.get("id") in ids


def _without_id(item: JsonObject) -> JsonObject:
    return {name: value for name, value in item.items() if name != "id"}

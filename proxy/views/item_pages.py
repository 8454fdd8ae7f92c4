"""Lists of items as OpenAI pages them: ``limit``, ``order``, ``after``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from proxy.client_side.errors import InvalidRequestError
from wire_formats.json_types import JsonObject

MOST, USUAL = 100, 20
ORDERS = {"asc": True, "desc": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPage:
    """``after`` is the id of an item, empty for the first page."""

    after: str
    limit: int
    is_ascending: bool


def asked_page(query: Mapping[str, str]) -> AskedPage:
    """The page that a query asks for. Raises ``InvalidRequestError``."""
    limit, order = query.get("limit", str(USUAL)), query.get("order", "desc")
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= MOST):
        raise InvalidRequestError(
            f"`limit` must be a whole number from 1 to {MOST}.", param="limit"
        )
    if order not in ORDERS:
        raise InvalidRequestError("`order` must be `asc` or `desc`.", param="order")
    return AskedPage(after=query.get("after", ""), limit=int(limit), is_ascending=ORDERS[order])


def page_of(items: list[JsonObject], *, has_more: bool) -> JsonObject:
    """A list of ``items``, as the API shows it."""
    return {
        "object": "list",
        "data": items,
        "first_id": items[0]["id"] if items else "",
        "last_id": items[-1]["id"] if items else "",
        "has_more": has_more,
    }


def page_among(items: list[JsonObject], asked: AskedPage) -> JsonObject:
    """The page that was ``asked`` for, of ``items`` in the order of their making."""
    ordered = items if asked.is_ascending else items[::-1]
    if asked.after:
        places = [place for place, item in enumerate(ordered) if item.get("id") == asked.after]
        if not places:
            raise InvalidRequestError("`after` must be the id of an item.", param="after")
        ordered = ordered[places[0] + 1 :]
    return page_of(ordered[: asked.limit], has_more=len(ordered) > asked.limit)

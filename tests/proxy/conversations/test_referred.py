"""Items that stand for others, and ids that no upstream knows."""

from __future__ import annotations

from typing import Any

from proxy.conversations.referred import (
    bound_ids,
    ids_to_look_up,
    with_items,
    without_bound,
    without_own_ids,
)

OWN, UNKNOWN = f"rs_gw_{'0' * 32}_0", f"msg_gw_{'1' * 32}_1"
SEALED = {"type": "reasoning", "id": OWN, "summary": [], "encrypted_content": "gatehouse.1.e30"}
UNSEALED = {"type": "reasoning", "id": OWN, "summary": []}
MESSAGE = {"type": "message", "id": UNKNOWN, "role": "user", "content": "Hi"}
SEARCH: dict[str, Any] = {"type": "web_search_call", "id": "ws_1"}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}


def test_what_says_it_all_is_not_looked_up() -> None:
    others: list[Any] = [SEALED, MESSAGE, SEARCH, "text", {"id": 1}, {}]
    assert ids_to_look_up(others) == set()
    assert ids_to_look_up([UNSEALED]) == {OWN}
    assert ids_to_look_up([{"id": OWN}, {"type": "item_reference", "id": UNKNOWN}]) == {
        OWN,
        UNKNOWN,
    }


def test_items_come_in_the_place_of_their_ids() -> None:
    found = {OWN: SEALED}
    assert with_items([MESSAGE, {"id": OWN}], known={}, found=found) == [MESSAGE, SEALED]
    assert with_items([UNSEALED, MESSAGE], known={}, found=found) == [SEALED, MESSAGE]
    assert with_items([UNSEALED], known={}, found={}) == [UNSEALED]
    assert with_items([{"id": OWN}], known=found, found={}) == []


def test_references_to_what_upstreams_keep_stay() -> None:
    reference = {"type": "item_reference", "id": "msg_of_an_upstream"}
    assert with_items([reference], known={}, found={}) == [reference]


def test_upstreams_are_told_no_ids_of_the_gateway_s() -> None:
    body: dict[str, Any] = {"input": [MESSAGE, UNSEALED, SEALED, SEARCH]}
    told = without_own_ids(body)["input"]
    assert [item.get("id") for item in told] == [None, None, "ws_1"]
    assert len(without_own_ids(body, keeps_reasoning=True)["input"]) == 4
    untouched: dict[str, Any] = {"input": [SEARCH]}
    assert without_own_ids(untouched) is untouched


def test_what_one_upstream_alone_understands_does_not_go_to_another() -> None:
    items = [MESSAGE, SEARCH, THOUGHT, SEALED]
    assert bound_ids(items) == {"ws_1", "rs_1"}
    body: dict[str, Any] = {"input": items}
    assert without_bound(body, {"ws_1"}, keeps_text=False)["input"] == [MESSAGE, THOUGHT, SEALED]
    kept = without_bound(body, {"ws_1"}, keeps_text=True)["input"]
    assert kept[1] == {"type": "web_search_call"}
    assert without_bound(body, set(), keeps_text=False) is body

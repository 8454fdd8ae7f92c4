"""Items of an input are shown spelled out, each with an id that clients can name."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from openai.types.responses import ResponseItem
from pydantic import TypeAdapter

from wire_formats.errors import UnsendableError
from wire_formats.responses.stored_items import listed_input, stored_items


def stored(*items: dict[str, Any]) -> list[dict[str, Any]]:
    numbers = count(1)
    return list(stored_items(list(items), new_id=lambda prefix: f"{prefix}_{next(numbers)}"))


ITEMS: dict[str, dict[str, Any]] = {
    "easy": {"role": "user", "content": "Hi"},
    "said": {"role": "assistant", "content": "Oh"},
    "parts": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]},
    "call": {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    "result": {"type": "function_call_output", "call_id": "c", "output": "4", "id": None},
    "thought": {"type": "reasoning", "summary": [], "encrypted_content": "x"},
}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_the_official_client_reads_what_is_stored(item: dict[str, Any]) -> None:
    [shown] = stored(item)
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseItem)
    assert adapter.validate_python(shown).id == shown["id"]


def test_an_id_that_a_client_chose_stays() -> None:
    assert [each["id"] for each in stored({"role": "user", "content": "Hi", "id": "msg_a"})] == [
        "msg_a"
    ]


@pytest.mark.parametrize("id_", ["", "a b", "x" * 101, 7, "\0", "ä"])
def test_an_id_that_nobody_could_ask_for_is_replaced(id_: object) -> None:
    assert [each["id"] for each in stored({"role": "user", "content": "Hi", "id": id_})] == [
        "msg_1"
    ]


def test_an_input_is_a_text_or_items() -> None:
    assert listed_input("Hi") == [{"type": "message", "role": "user", "content": "Hi"}]
    assert listed_input(None) == []
    for wrong in (7, {"role": "user"}, ["Hi"]):
        with pytest.raises(UnsendableError):
            listed_input(wrong)

"""The calls of a chat's stream, put together."""

from __future__ import annotations

from typing import Any

import pytest

from wire_formats.responses.answer_from_chat.stream_calls import StreamedCalls


def piece(arguments: Any = "", **fields: Any) -> dict[str, Any]:
    name = fields.pop("name", None)
    named = {"name": name} if name else {}
    return {"function": named | {"arguments": arguments}, **fields}


def taken(*pieces: dict[str, Any]) -> StreamedCalls:
    calls = StreamedCalls()
    for each in pieces:
        calls.take(each)
    return calls


@pytest.mark.parametrize(
    "pieces",
    [
        [piece('{"a":', name="f", index=0, id="c"), piece("1}", index=0)],
        [piece('{"a":', name="f", id="c"), piece("1}")],
        [piece('{"a":', name="f", index=0, id="c"), piece("1}", index=0, id="c")],
        [piece('{"a":', name="f", index=0), piece("1}", name="f", index=0)],
        [piece({"a": 1}, name="f")],
    ],
)
def test_pieces_of_one_call(pieces: list[dict[str, Any]]) -> None:
    [call] = taken(*pieces).all
    assert (call.name, call.arguments, call.is_whole) == ("f", '{"a":1}', True)


@pytest.mark.parametrize(
    "second",
    [
        piece("{}", name="f", index=1, id="d"),
        piece("{}", name="f", index=0, id="d"),
        piece("{}", name="f", index=0),
        piece("{}", name="f"),
    ],
)
def test_pieces_of_two_calls(second: dict[str, Any]) -> None:
    assert len(taken(piece("{}", name="f", index=0), second).all) == 2


def test_a_signature_stays_with_its_call() -> None:
    signed = {"extra_content": {"google": {"thought_signature": "s"}}}
    [call] = taken(piece("{", name="f", index=0, **signed), piece("}", index=0)).all
    assert call.signature == "s"

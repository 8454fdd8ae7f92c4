"""The calls of a chat's stream, whose pieces come in many ways."""

from __future__ import annotations

import pytest

from wire_formats.errors import UnreadableAnswerError
from wire_formats.messages.answer_from_chat.call_pieces import CallIds, Calls


def calls_of(*pieces):
    calls = Calls(CallIds((), request_id="req_1"))
    for piece in pieces:
        calls.take(piece)
    return [(call.name, call.tell()) for call in calls]


def piece(arguments="", **fields):
    name = fields.pop("name", None)
    named = {"name": name} if name else {}
    return {"function": named | {"arguments": arguments}, **fields}


@pytest.mark.parametrize(
    "pieces",
    [
        [piece('{"a":', name="f", index=0, id="c"), piece("1}", index=0)],
        [piece('{"a":', name="f", id="c"), piece("1}")],
        [piece('{"a":', name="f", index=0), piece("1}", name="f", index=0)],
        [piece('{"a":', name="f", index=0, id="c"), piece("1}", index=0, id="c")],
        [piece({"a": 1}, name="f")],
    ],
)
def test_pieces_of_one_call(pieces):
    [(name, arguments)] = calls_of(*pieces)
    assert (name, arguments.replace(" ", "")) == ("f", '{"a":1}')


@pytest.mark.parametrize(
    "second",
    [
        piece("{}", name="f", index=1, id="d"),
        piece("{}", name="f", index=0, id="d"),
        piece("{}", name="f", index=0),
        piece("{}", name="f"),
        piece("", name="g", index=0),
    ],
)
def test_pieces_of_two_calls(second):
    assert len(calls_of(piece("{}", name="f", index=0, id="c"), second)) == 2


@pytest.mark.parametrize("odd", [5, {}, piece("{}", index=1)])
def test_a_call_that_begins_without_a_name_is_the_upstreams_fault(odd):
    with pytest.raises(UnreadableAnswerError):
        calls_of(odd)


def test_each_call_has_an_id_of_its_own():
    ids = CallIds(["c"], request_id="req_1")
    taken = [ids.take(id_) for id_ in ("d", "d", "c", None, "")]
    assert taken[0] == "d"
    assert len({*taken, "c"}) == 6
    assert taken[1:] == [ids_again for ids_again in taken[1:] if ids_again.startswith("toolu_")]


def test_a_signature_is_told_once():
    calls = Calls(CallIds((), request_id="req_1"))
    signed = {"extra_content": {"google": {"thought_signature": "s"}}}
    call = calls.take(piece("{}", name="f", id="c", **signed))
    assert (call.tell_signature(), call.tell_signature()) == ({"c": "s"}, {})

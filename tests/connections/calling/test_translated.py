"""What is read of upstreams that answer in one piece although a stream was asked for."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

import orjson
import pytest

from connections.calling.translated import translated_chunks
from connections.errors import MidStreamError
from wire_formats.json_types import JsonObject
from wire_formats.translation import Translation, Wire

SAID = {"said": "Hello", "done": True}
COMPACT = orjson.dumps(SAID)
INDENTED = orjson.dumps(SAID, option=orjson.OPT_INDENT_2)
EVENT = b"data: %b\n\n" % COMPACT
TOLD = b'data: {"delta":"Hello"}\n\ndata: [DONE]\n\n'
WHOLE = b'{"whole":"Hello"}'


class Echo(Translation):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.wire = wire

    def answer(self, answer: JsonObject) -> JsonObject:
        return {"whole": answer["said"]}

    def event(self, event: JsonObject) -> Iterator[JsonObject]:
        yield {"delta": event["said"]}
        self.is_done = event["done"]


async def arriving(*parts: bytes) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


async def read(wire: Wire, *parts: bytes) -> bytes:
    return b"".join([part async for part in translated_chunks(arriving(*parts), Echo(wire))])


def byte_by_byte(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


@pytest.mark.parametrize(
    ("wire", "body", "expected"),
    [
        (Wire.SSE, COMPACT, WHOLE),
        (Wire.SSE, INDENTED, WHOLE),
        (Wire.SSE, b" \r\n" + INDENTED + b"\r\n", WHOLE),
        (Wire.SSE, EVENT, TOLD),
        (Wire.SSE, b"\n\n" + EVENT, TOLD),
        (Wire.NDJSON, INDENTED, WHOLE),
        (Wire.NDJSON, INDENTED.replace(b"\n", b"\r\n"), WHOLE),
        (Wire.NDJSON, COMPACT, TOLD),
        (Wire.NDJSON, b"\n" + COMPACT + b"\n", TOLD),
        (Wire.SSE, b"", b""),
        (Wire.NDJSON, b"\n", b""),
    ],
)
async def test_an_answer_in_one_piece_is_told_from_a_stream(
    wire: Wire, body: bytes, expected: bytes
) -> None:
    assert await read(wire, body) == expected
    assert await read(wire, *byte_by_byte(body)) == expected


@pytest.mark.parametrize("wire", Wire)
async def test_an_error_in_one_piece_is_left_to_the_reader(wire: Wire) -> None:
    error = orjson.dumps({"error": {"message": "Slow down"}}, option=orjson.OPT_INDENT_2)
    assert orjson.loads(await read(wire, error)) == orjson.loads(error)


@pytest.mark.parametrize("wire", Wire)
@pytest.mark.parametrize("body", [INDENTED[:-3], INDENTED + INDENTED, b"{\n}", b"{\n"])
async def test_one_piece_that_is_no_answer_is_the_upstreams_fault(wire: Wire, body: bytes) -> None:
    with pytest.raises(MidStreamError):
        await read(wire, body)


@pytest.mark.parametrize("wire", Wire)
async def test_blanks_are_no_beginning(wire: Wire, settings) -> None:
    settings.GATEWAY_MAX_SSE_LINE_BYTES = 100
    with pytest.raises(MidStreamError, match="does not begin"):
        await read(wire, *[b" " * 60] * 2, COMPACT)


@pytest.mark.parametrize("wire", Wire)
async def test_one_piece_has_its_own_cap(wire: Wire, settings) -> None:
    settings.GATEWAY_MAX_SSE_LINE_BYTES = 5
    settings.GATEWAY_MAX_RESPONSE_BYTES = len(INDENTED)
    assert await read(wire, *byte_by_byte(INDENTED)) == WHOLE
    with pytest.raises(MidStreamError, match="too large"):
        await read(wire, INDENTED, b" ")

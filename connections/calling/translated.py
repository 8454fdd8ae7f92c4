"""The body of a response in OpenAI's form, whatever form its upstream writes.

An adapter puts a :class:`wire_formats.translation.Translation` into the extensions of a request;
:mod:`connections.calling.client` applies it here, so that readers of a response know one form only.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing, contextmanager

from django.conf import settings

from connections.calling.whole_body import whole_body
from connections.errors import MidStreamError
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_numbers import load_json, read_json, write_json
from wire_formats.json_objects import parsed
from wire_formats.json_types import JsonObject
from wire_formats.object_stream import ObjectReader, Wire
from wire_formats.sse import DONE, encoded_event
from wire_formats.translation import Translation

# How an answer begins that comes in one piece: no line of an event stream begins like an object,
# and one that holds an object holds more than its first brace. The content type does not decide:
# streams are read whatever they call themselves.
IN_ONE_PIECE = {Wire.SSE: (b"{",), Wire.NDJSON: (b"{\n", b"{\r")}
TELLING_BYTES = 2
# The errors of reading an object as something that it is not.
UNEXPECTED = (LookupError, TypeError, ValueError, AttributeError, OverflowError)


def translated_body(body: bytes, translation: Translation) -> bytes:
    """A whole answer as OpenAI writes it, or ``{"error": …}``. Raises ``MidStreamError``."""
    with _blaming_the_upstream():
        answer = parsed(body, read=load_json if translation.is_numeric else read_json)
        if error := answer.get("error"):
            return write_json({"error": translation.error(error)})
        return write_json(translation.answer(answer))


async def translated_chunks(
    chunks: AsyncGenerator[bytes], translation: Translation
) -> AsyncGenerator[bytes]:
    """A stream as OpenAI writes it. Ends with ``[DONE]`` only if the upstream's end was proper.

    Of an upstream that answers in one piece although a stream was asked for, it is that one piece
    as ``translated_body`` writes it. Raises ``MidStreamError``, also for one that is too large.
    """
    reader = ObjectReader(translation.wire, settings.GATEWAY_MAX_SSE_LINE_BYTES)
    async with aclosing(chunks):
        begin = await _begin(chunks, settings.GATEWAY_MAX_SSE_LINE_BYTES)
        if begin.startswith(IN_ONE_PIECE[translation.wire]):
            body = await whole_body(chunks, settings.GATEWAY_MAX_RESPONSE_BYTES, begin=begin)
            yield translated_body(body, translation)
            return
        if block := _translated(reader.feed(begin), translation):
            yield block
        async for chunk in chunks:
            if block := _translated(reader.feed(chunk), translation):
                yield block
        if block := _translated(reader.flush(), translation):
            yield block


async def _begin(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """The first data, until it shows whether the body is a stream.

    Raises ``MidStreamError`` for more than ``limit`` bytes of blanks.
    """
    begin = b""
    async for chunk in chunks:
        limit -= len(chunk)
        begin = (begin + chunk).lstrip()
        if limit < 0 and not begin:
            raise MidStreamError("The upstream's answer does not begin.")
        if len(begin) >= TELLING_BYTES:
            break
    return begin


def _translated(objects: Iterable[JsonObject], translation: Translation) -> bytes:
    return b"".join(_events(objects, translation))


def _events(objects: Iterable[JsonObject], translation: Translation) -> Iterator[bytes]:
    with _blaming_the_upstream():
        for item in objects:
            if translation.is_done:
                return
            for event in translation.event(item):
                yield encoded_event(event)
            if translation.is_done:
                yield DONE


@contextmanager
def _blaming_the_upstream() -> Iterator[None]:
    try:
        yield
    except UnreadableAnswerError as exc:
        raise MidStreamError(exc.message) from exc
    except UNEXPECTED as exc:
        raise MidStreamError("The upstream's answer cannot be understood.") from exc

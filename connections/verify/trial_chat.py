"""The steps that try a model: a chat of one token, in one piece and streamed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import orjson

from connections.call import Call
from connections.calling.client import UpstreamResponse
from connections.verify.inspection import Answer, Inspection
from connections.verify.refusals import refusal, refused_otherwise
from connections.verify.result import Finding, failed, ok, warning
from wire_formats.chat.dialect import CHAT
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_numbers import load_json
from wire_formats.json_types import JsonObject
from wire_formats.provider_errors import read_error
from wire_formats.sse import MEDIA_TYPE, EventSplitter, data_of, split_events
from wire_formats.token_counts import Tokens

LARGEST_STREAM_BYTES = 2**20
# OpenAI's reasoning models spend the token on thinking, and say so with an error.
OUT_OF_TOKENS = "output limit was reached"


async def chat(inspection: Inspection) -> Finding:
    """Have the model say one token."""
    try:
        request = inspection.adapter.request(_ping(inspection))
    except ValueError as exc:
        return failed(f"{exc}.", "Give the name of a deployment, which holds no slash.")
    answer = await inspection.ask(request)
    if answer.status != 200 or answer.is_page:
        return _refused(inspection, answer)
    if not _is_chat_completion(answer.body):
        said = f" It says: {answer.message}" if answer.message else ""
        return failed(f"The answer is not a chat completion.{said}", "Is this a chat model?")
    return ok("The model answers.")


async def stream(inspection: Inspection) -> Finding:
    """Have the model say one token, as a stream of events."""
    request = inspection.adapter.request(_ping(inspection, stream=True))
    async with inspection.sent(request) as response:
        if response.status != 200:
            return _refused(inspection, await inspection.read(response))
        content_type = response.headers.get("content-type", "")
        if not content_type.startswith(MEDIA_TYPE):
            return failed(
                "The answer is not a stream of events.",
                "Does the upstream, or a proxy before it, allow streaming?",
            )
        try:
            events = await _read_events(response)
        except UnreadableAnswerError as exc:
            return failed(exc.message, "Look at the upstream's log.")
    if events.error:
        return failed(
            f"The stream holds an error: {inspection.redactor.quoted(events.error)}",
            "Look at the upstream's log.",
        )
    if not events.count:
        return failed("The stream holds no chunk.", "Look at the upstream's log.")
    if not events.is_done:
        return warning(
            f"Chunks arrive ({events.count}), but no [DONE] ends them.",
            "Clients cannot tell a whole answer from one that broke off.",
        )
    return ok(f"Chunks arrive ({events.count}), and [DONE] ends them.")


def _ping(inspection: Inspection, **more: Any) -> Call:
    body: JsonObject = {
        "model": inspection.model,
        "messages": [{"role": "user", "content": "ping"}],
        "max_tokens": 1,
    }
    return inspection.call(CHAT_COMPLETIONS, body | more)


def _refused(inspection: Inspection, answer: Answer) -> Finding:
    if answer.status == 400 and OUT_OF_TOKENS in answer.message:
        return ok("The model answers, though one token is too few for it.")
    known = refusal(inspection, answer)
    if known is not None:
        return known
    if answer.status == 404:
        return failed(
            f"The upstream does not know the model, or not this path (404){_colon(answer)}",
            _right_name(inspection),
        )
    return refused_otherwise(answer)


def _colon(answer: Answer) -> str:
    return f": {answer.message}" if answer.message else "."


def _right_name(inspection: Inspection) -> str:
    listed = [str(model["id"]) for model in inspection.models]
    close = difflib.get_close_matches(inspection.model, listed, n=3)
    if close:
        return inspection.redactor.quoted(f"Did you mean {' or '.join(close)}?")
    return "Give the model's name as the upstream lists it."


def _is_chat_completion(body: bytes) -> bool:
    try:
        answer: Any = load_json(body)
    except orjson.JSONDecodeError:
        return False
    match answer:
        case {"choices": [{"message": dict()}, *_]}:
            return True
        case _:
            return False


@dataclass(slots=True)
class _Events:
    count: int = 0
    is_done: bool = False
    error: str = ""

    def take(self, block: bytes) -> None:
        """Whole events of the stream."""
        for event in split_events(block):
            meaning = CHAT.meaning_of(event, Tokens())
            if meaning.is_end:
                self.is_done = True
                return
            if data_of(event).strip():
                self.count += 1
            if meaning.error and not self.error:
                self.error = read_error(meaning.error).message or "an error without a message"


async def _read_events(response: UpstreamResponse) -> _Events:
    """Read until ``[DONE]``, the end, or more than a token's worth of bytes.

    Raises ``UnreadableAnswerError``.
    """
    events = _Events()
    splitter = EventSplitter(LARGEST_STREAM_BYTES)
    size = 0
    async for chunk in response.chunks():
        size += len(chunk)
        events.take(splitter.feed(chunk))
        if events.is_done or size > LARGEST_STREAM_BYTES:
            return events
    events.take(splitter.flush())
    return events

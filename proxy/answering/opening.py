"""From a response that is a success by its status to an answer that has begun."""

from __future__ import annotations

import re
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from connections.call import Call
from proxy.answering.dispatched import Dispatched
from proxy.answering.ended import Ended
from proxy.answering.limits import limits
from proxy.answering.look_ahead import look_ahead
from proxy.answering.shapes import DIALECTS, Shape
from proxy.answering.upstream_errors import error_from_told, told_in, words_of
from proxy.answering.whole import read_whole
from proxy.client_side.errors import UpstreamAnswerError
from resilience.outcomes import Kind
from resilience.reading import outcome_of_told
from wire_formats.chat.dialect import CHAT
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.provider_errors import ProviderError, read_error
from wire_formats.sse import MEDIA_TYPE
from wire_formats.token_counts import Tokens, read_tier, read_usage

# A look for what deserves to be parsed; a text's quotes are escaped.
ERROR = re.compile(rb'"error"\s*:\s*[{"\[]')


def answer_of(
    dispatched: Dispatched, call: Call, shape: Shape, *, is_streamed: bool
) -> Coroutine[Any, Any, Dispatched | Ended]:
    """``dispatched`` once its answer has begun, or the failure that it told of in place of one.

    Raises ``MidStreamError``, ``WireFormatError`` and ``ApiError`` for an answer that breaks off
    before, or is none.
    """
    match shape:
        case Shape.ANSWER if is_streamed:
            return _stream(dispatched, call)
        case Shape.ANSWER:
            return _whole(dispatched)
        case Shape.DOCUMENT:
            return _document(dispatched)
        case Shape.SOUND:
            return _begun(dispatched)
        case _:
            return _taken(dispatched, shape)


async def _stream(dispatched: Dispatched, call: Call) -> Dispatched | Ended:
    told = await look_ahead(
        dispatched.response,
        DIALECTS.get(call.endpoint, CHAT),
        limits(),
        # It goes on without a reader, who has to know its id.
        takes_any_event=call.body.get("background") is True,
    )
    if told is None:
        return dispatched
    answer = dispatched if told.is_answer else None
    return _ended(dispatched, told.error, answer=answer, tokens=told.tokens)


async def _whole(dispatched: Dispatched) -> Dispatched | Ended:
    whole = await read_whole(dispatched.response)
    if (told := told_in(whole.answer)) is not None:
        return _ended(dispatched, told, tokens=_use_in(whole.answer))
    dispatched.whole = whole
    if error := failure_of(whole.answer):
        tokens = _use_in(whole.answer)
        return _ended(dispatched, read_error(error), answer=dispatched, tokens=tokens)
    return dispatched


def _use_in(answer: JsonObject) -> Tokens | None:
    """What a failed ``answer`` tells of its use; None for nothing."""
    tokens = Tokens()
    read_usage(answer.get("usage"), tokens)
    if tokens == Tokens():
        return None
    read_tier(answer, tokens)
    return tokens


def failure_of(answer: JsonObject) -> JsonObject | None:
    """The error of a response object that has failed."""
    if answer.get("object") != "response" or answer.get("status") != "failed":
        return None
    error = answer.get("error")
    return error if isinstance(error, dict) else None


async def _document(dispatched: Dispatched) -> Dispatched | Ended:
    response = dispatched.response
    if response.headers.get("content-type", "").startswith(MEDIA_TYPE):
        return await _begun(dispatched)
    body = await response.read(limits().whole_bytes)
    # As plain text it may be what the client had the model say.
    is_json = "json" in response.headers.get("content-type", "")
    if is_json and body.startswith(b"{") and ERROR.search(body):
        told = told_in(json_object(body))
        return dispatched if told is None else _ended(dispatched, told)
    return dispatched


async def _taken(dispatched: Dispatched, shape: Shape) -> Dispatched:
    if shape is Shape.SOCKET:
        _ = dispatched.socket  # which may be none
    return dispatched


async def _begun(dispatched: Dispatched) -> Dispatched:
    chunks = dispatched.response.begun()
    async for chunk in chunks:
        dispatched.response.hold(chunk, chunks)
        return dispatched
    raise UpstreamAnswerError("The upstream's answer is empty.")


def _ended(
    dispatched: Dispatched,
    told: ProviderError,
    *,
    answer: Dispatched | None = None,
    tokens: Tokens | None = None,
) -> Ended:
    told = told.without(dispatched.kept_from_errors)
    outcome = outcome_of_told(told, model=dispatched.target.model)
    if outcome.is_clean and tokens is not None and tokens.completion:
        outcome = replace(outcome, kind=Kind.FAILED)  # in the midst of work that is billed
    return Ended(
        outcome=outcome,
        error=error_from_told(told),
        answer=answer,
        tokens=tokens,
        words=words_of(told.status, told),
    )

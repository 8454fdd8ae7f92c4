"""An upstream's answer in one piece."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from connections.calling.client import UpstreamResponse
from connections.errors import MidStreamError
from proxy.answering.dispatched import Dispatched, Whole
from proxy.answering.limits import limits
from proxy.answering.upstream_errors import error_in
from proxy.client_side.errors import UpstreamAnswerError, UpstreamTimeoutError
from usage.exchange import Exchange
from wire_formats.chat.stream_as_whole import completion_in, is_stream
from wire_formats.chat.think_tags import answer_without_tags
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_cost import LONG_BYTES, read_aside
from wire_formats.json_numbers import encoded_answer, load_json, read_json, write_json
from wire_formats.json_objects import parsed
from wire_formats.json_types import JsonObject
from wire_formats.secrets import failure_without_secrets
from wire_formats.token_counts import Tokens, read_tier, read_usage

READ = partial(parsed, read=load_json)


async def read_answer(
    dispatched: Dispatched,
    exchange: Exchange,
    *,
    take_usage: Callable[[Any, Tokens], None] = read_usage,
    on_answer: Callable[[JsonObject], None] | None = None,
) -> bytes:
    """The body, known to be a JSON object that is no error, and otherwise untouched.

    ``take_usage`` knows the API's names of token counts; ``on_answer`` gets what the upstream said,
    before any filter. Raises ``ApiError``.
    """
    whole = dispatched.whole or await _read_success(dispatched)
    body, answer = whole.body, whole.answer
    if answer.get("error"):  # a response object that failed
        exchange.error_code = "upstream_error"
        failed = read_json(body)
        told = failure_without_secrets(failed, dispatched.kept_from_errors)
        body = body if told == failed else encoded_answer(told)
    take_usage(answer.get("usage"), exchange.tokens)
    read_tier(answer, exchange.tokens)
    if on_answer is not None:
        on_answer(answer)
    if dispatched.target.family.thinks_in_tags:
        body = await read_aside(_without_tags, body)
    return body if dispatched.filters is None else await dispatched.filters.outlet(body)


async def _read_success(dispatched: Dispatched) -> Whole:
    whole = await read_whole(dispatched.response)
    if error := error_in(whole.answer, secrets=dispatched.kept_from_errors):
        raise error
    return whole


async def read_whole(response: UpstreamResponse) -> Whole:
    """The body in one piece. Raises ``ApiError`` for one that breaks off, or is no JSON object."""
    try:
        body = await response.read(limits().whole_bytes)
    except MidStreamError as exc:
        kind = UpstreamTimeoutError if exc.is_timeout else UpstreamAnswerError
        raise kind(exc.message) from exc
    try:
        if is_stream(body):
            body = await read_aside(put_together, body)
        is_long = len(body) >= LONG_BYTES
        answer = await read_aside(READ, body) if is_long else parsed(body, read=load_json)
    except UnreadableAnswerError as exc:
        raise UpstreamAnswerError(exc.message) from exc
    return Whole(body, answer)


def _without_tags(body: bytes) -> bytes:
    """The chat completion in ``body`` with its reasoning beside its content; else ``body``."""
    answer = read_json(body)
    told = answer_without_tags(answer)
    return body if told is answer else encoded_answer(told)


def put_together(body: bytes) -> bytes:
    """The completion that the event stream ``body`` tells of; else ``body`` itself."""
    completion = completion_in(body)
    return body if completion is None else write_json(completion)

"""What the events of Anthropic's Messages mean."""

from __future__ import annotations

import orjson
import pytest

from proxy.client_side.errors import ApiError, InvalidRequestError, UpstreamAnswerError
from tests.support.stream_samples import MESSAGES_SAMPLE as SAMPLE
from wire_formats.dialect import NOTHING
from wire_formats.messages.dialect import MESSAGES
from wire_formats.sse import data_of, typed_event
from wire_formats.token_counts import Tokens


def meaning(event: bytes, tokens: Tokens | None = None):
    assert MESSAGES.is_noteworthy(event)
    return MESSAGES.meaning_of(event, tokens or Tokens())


def test_a_stream_begins_finishes_and_ends() -> None:
    assert meaning(SAMPLE.begin) == NOTHING
    assert not MESSAGES.is_noteworthy(SAMPLE.text)
    finished = meaning(SAMPLE.finish)
    assert (finished.has_finished, finished.is_end) == (True, False)
    assert meaning(SAMPLE.end).is_end
    assert SAMPLE.end == MESSAGES.ending


def test_tokens_come_at_the_begin_and_at_the_end() -> None:
    tokens = Tokens()
    for event in (SAMPLE.begin, SAMPLE.finish):
        meaning(event, tokens)
    assert tokens == Tokens(prompt=9, cached=4, completion=2)


def test_a_message_that_begins_tells_nothing_of_its_end():
    tokens = Tokens()
    begin = (
        b'{"type": "message_start", "message": {"usage": {"input_tokens": 2, "output_tokens": 1}}}'
    )
    MESSAGES.meaning_of(b"event: message_start\ndata: " + begin + b"\n\n", tokens)
    assert tokens == Tokens(prompt=2)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("rate_limit_error", 429), ("invalid_request_error", 400), ("odd_error", None)],
)
def test_an_error_has_its_status_as_code(kind: str, code: int | None) -> None:
    error = {"type": kind, "message": "no"}
    assert meaning(typed_event("error", error=error)).error == error | {"code": code}


@pytest.mark.parametrize("fields", [{}, {"error": None}])
def test_an_error_that_says_nothing_is_one_all_the_same(fields: dict) -> None:
    assert meaning(typed_event("error", **fields)).error == "The upstream reported an error."


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("message_start", {"message": 7}), ("message_delta", {"delta": 7, "usage": 7})],
)
def test_events_that_make_no_sense_mean_nothing(kind: str, fields: dict) -> None:
    tokens = Tokens()
    assert meaning(typed_event(kind, **fields), tokens) == NOTHING
    assert tokens == Tokens()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UpstreamAnswerError("no"), "api_error"),
        (InvalidRequestError("no"), "invalid_request_error"),
    ],
)
def test_an_error_has_anthropics_form(error: ApiError, kind: str) -> None:
    event = MESSAGES.error_event(error, request_id="req_1", last_block=b"")
    assert event.startswith(b"event: error\n")
    told = {"type": kind, "message": "no"}
    assert orjson.loads(data_of(event)) == {"type": "error", "error": told, "request_id": "req_1"}

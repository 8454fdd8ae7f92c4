"""What the chunks of a chat mean."""

from __future__ import annotations

import orjson
import pytest

from proxy.client_side.errors import UpstreamAnswerError
from tests.support.stream_samples import CHAT_SAMPLE as SAMPLE
from wire_formats.chat.dialect import CHAT
from wire_formats.dialect import END, NOTHING
from wire_formats.sse import data_of, encoded_event
from wire_formats.token_counts import Tokens


def meaning(event: bytes, tokens: Tokens | None = None):
    assert CHAT.is_noteworthy(event)
    return CHAT.meaning_of(event, tokens or Tokens())


def test_a_stream_finishes_and_ends() -> None:
    assert not CHAT.is_noteworthy(SAMPLE.begin)
    assert not CHAT.is_noteworthy(SAMPLE.text)
    finished = meaning(SAMPLE.finish)
    assert (finished.has_finished, finished.is_end) == (True, False)
    assert meaning(SAMPLE.end) == END
    assert SAMPLE.end == CHAT.ending


def test_tokens_are_counted() -> None:
    tokens = Tokens()
    meaning(SAMPLE.finish, tokens)
    assert tokens == Tokens(prompt=9, cached=4, completion=2)


@pytest.mark.parametrize(
    ("choices", "is_usage_only"), [([], True), ([{"delta": {}}], False), (None, False)]
)
def test_a_chunk_of_usage_alone_is_told_from_others(choices: object, is_usage_only: bool) -> None:
    event = encoded_event({"choices": choices, "usage": {"prompt_tokens": 1}})
    assert meaning(event).is_usage_only is is_usage_only


@pytest.mark.parametrize("error", [{"message": "no"}, "no"])
def test_an_error_is_an_object_or_a_text(error: object) -> None:
    assert meaning(encoded_event({"error": error})).error == error


def test_an_empty_reason_is_none() -> None:
    event = encoded_event({"choices": [{"delta": {}, "finish_reason": ""}]})
    assert not CHAT.is_noteworthy(event)


def test_a_text_that_speaks_of_the_end_means_nothing() -> None:
    words = '"finish_reason":"stop" data: [DONE] "usage":{'
    assert meaning(encoded_event({"choices": [{"delta": {"content": words}}]})) == NOTHING


@pytest.mark.parametrize("choices", [7, [7], {}])
def test_choices_that_make_no_sense_mean_nothing(choices: object) -> None:
    event = encoded_event({"choices": choices, "finish_reason": "stop"})
    assert meaning(event) == NOTHING


def test_an_error_is_an_event_without_a_name() -> None:
    error = UpstreamAnswerError("no")
    event = CHAT.error_event(error, request_id="req_1", last_block=b"")
    assert event.startswith(b"data: ")
    assert orjson.loads(data_of(event)) == error.body()

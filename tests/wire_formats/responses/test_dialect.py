"""What the events of Responses mean."""

from __future__ import annotations

import orjson
import pytest

from proxy.client_side.errors import UpstreamAnswerError
from tests.support.builders import SECRET
from tests.support.stream_samples import RESPONSES_SAMPLE as SAMPLE
from wire_formats.dialect import END, NOTHING
from wire_formats.responses.dialect import RESPONSES
from wire_formats.sse import data_of, encoded_event, split_events, typed_event
from wire_formats.token_counts import Tokens


def meaning(event: bytes, tokens: Tokens | None = None):
    assert RESPONSES.is_noteworthy(event)
    return RESPONSES.meaning_of(event, tokens or Tokens())


def test_a_stream_ends_with_the_whole_answer_and_its_tokens() -> None:
    tokens = Tokens()
    assert not RESPONSES.is_noteworthy(SAMPLE.begin)
    assert not RESPONSES.is_noteworthy(SAMPLE.text)
    assert meaning(SAMPLE.end, tokens) == END
    assert tokens == Tokens(prompt=9, cached=4, completion=2)


def test_the_mark_that_others_end_with_is_an_end() -> None:
    assert meaning(b"data: [DONE]\n\n") == END


@pytest.mark.parametrize(
    ("kind", "code"), [("response.incomplete", ""), ("response.failed", "upstream_error")]
)
def test_a_response_may_end_in_other_ways(kind: str, code: str) -> None:
    tokens = Tokens()
    meant = meaning(typed_event(kind, response={"usage": {"output_tokens": 1}}), tokens)
    assert meant.is_end
    assert (meant.code, meant.has_failed, meant.error) == (code, bool(code), None)
    assert tokens.completion == 1


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (typed_event("error", message="no"), {"type": "error", "message": "no"}),
        (typed_event("error", error={"message": "no"}), {"message": "no"}),
        (encoded_event({"error": {"message": "no"}}), {"message": "no"}),
    ],
)
def test_errors_in_every_form_are_errors(event: bytes, error: dict) -> None:
    assert meaning(event).error == error


def test_a_text_that_speaks_of_the_end_means_nothing() -> None:
    delta = '"type":"response.completed" data: [DONE]'
    assert meaning(typed_event("response.output_text.delta", delta=delta)) == NOTHING


@pytest.mark.parametrize(
    ("last_block", "number"), [(SAMPLE.text, 2), (SAMPLE.begin + SAMPLE.text, 2), (b"", 1)]
)
def test_an_error_goes_on_counting(last_block: bytes, number: int) -> None:
    error = UpstreamAnswerError("no")
    events = RESPONSES.error_event(error, request_id="req_1", last_block=last_block)
    *_, told, failed = [orjson.loads(data_of(event)) for event in split_events(events)]
    assert set(told) == {"type", "code", "message", "param", "sequence_number"}
    assert (told["type"], told["sequence_number"]) == ("error", number)
    assert (failed["type"], failed["sequence_number"]) == ("response.failed", number + 1)


def test_the_opening_is_kept_for_the_end() -> None:
    assert RESPONSES.opening_in(SAMPLE.begin + SAMPLE.text) == SAMPLE.begin
    assert RESPONSES.opening_in(SAMPLE.text) == b""


def test_a_failure_is_told_without_secrets() -> None:
    failed = typed_event("response.failed", response={"error": {"message": f"no {SECRET}"}})
    told = RESPONSES.clean(failed, frozenset({SECRET}))
    assert orjson.loads(data_of(told))["response"]["error"]["message"] == "no [removed]"
    assert RESPONSES.clean(failed, frozenset()) == failed

"""What the events of images mean."""

from __future__ import annotations

import orjson
import pytest

from proxy.client_side.errors import UpstreamAnswerError
from tests.support.stream_events import parsed
from wire_formats.images.dialect import IMAGES
from wire_formats.sse import data_of, encoded_event, typed_event
from wire_formats.token_counts import Tokens

USAGE = {"input_tokens": 9, "output_tokens": 2}


def meaning(event: bytes, tokens: Tokens | None = None):
    assert IMAGES.is_noteworthy(event)
    return IMAGES.meaning_of(event, tokens or Tokens())


@pytest.mark.parametrize("kind", ["image_generation", "image_edit"])
def test_an_image_that_is_complete_finishes_without_an_end(kind: str) -> None:
    tokens = Tokens()
    meant = meaning(typed_event(f"{kind}.completed", usage=USAGE), tokens)
    assert (meant.has_finished, meant.is_end) == (True, False)
    assert tokens == Tokens(prompt=9, completion=2)


def test_an_image_on_its_way_needs_no_look() -> None:
    event = typed_event("image_generation.partial_image", b64_json="aGk=", partial_image_index=0)
    assert not IMAGES.is_noteworthy(event)


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (typed_event("error", message="no"), {"type": "error", "message": "no"}),
        (typed_event("error", error={"message": "no"}), {"message": "no"}),
        (encoded_event({"error": "no"}), "no"),
    ],
)
def test_errors_in_every_form_are_errors(event: bytes, error: object) -> None:
    assert meaning(event).error == error


def test_images_that_come_at_once_are_told_one_by_one() -> None:
    answer = {"created": 1, "data": [{"b64_json": "YQ=="}, {"b64_json": "Yg=="}], "usage": USAGE}
    told = parsed(IMAGES.events_of(answer))
    assert [event["b64_json"] for event in told] == ["YQ==", "Yg=="]
    assert all(event["type"] == "image_generation.completed" for event in told)
    assert all((event["created"], event["usage"]) == (1, USAGE) for event in told)


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": []}, {"data": ["YQ=="]}])
def test_what_holds_no_image_is_not_told(answer: dict) -> None:
    assert IMAGES.events_of(answer) == b""


def test_an_error_is_an_event_of_its_own() -> None:
    error = UpstreamAnswerError("no")
    event = IMAGES.error_event(error, request_id="req_1", last_block=b"")
    assert event.startswith(b"event: error\n")
    assert orjson.loads(data_of(event)) == error.body()

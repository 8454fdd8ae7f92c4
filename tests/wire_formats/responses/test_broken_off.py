"""The end of responses that cannot be completed."""

from __future__ import annotations

import orjson
import pytest
from openai.types.responses import Response

from proxy.client_side.errors import UpstreamAnswerError
from wire_formats.responses.broken_off import (
    LONGEST_OPENING,
    begun_response,
    failed_response,
    failure_events,
    number_behind,
    opening_in,
    response_of,
)
from wire_formats.sse import data_of, split_events, typed_event

BEGUN = {
    "id": "resp_7",
    "model": "gpt-5",
    "created_at": 5,
    "tools": [],
    "instructions": "Be brief.",
}
ERROR = UpstreamAnswerError("Broken.")


def created(**fields: object) -> bytes:
    return typed_event("response.created", sequence_number=0, response=BEGUN | fields)


def ends(opening: bytes, last_block: bytes) -> list[dict]:
    events = failure_events(ERROR, request_id="req_1", opening=opening, last_block=last_block)
    return [orjson.loads(data_of(event)) for event in split_events(events)]


def test_the_response_that_began_is_the_one_that_failed() -> None:
    delta = typed_event("response.output_text.delta", delta="H", sequence_number=8)
    error, failed = ends(created(), delta)
    assert (error["type"], failed["type"]) == ("error", "response.failed")
    assert [error["sequence_number"], failed["sequence_number"]] == [9, 10]
    assert failed["response"].items() >= (BEGUN | {"status": "failed"}).items()
    assert failed["response"]["error"] == {"code": "server_error", "message": "Broken."}


@pytest.mark.parametrize("fields", [{}, {"tools": None, "model": None}, {"id": 5} | {}])
@pytest.mark.parametrize("kept", ["created", "nothing", "no object"])
def test_every_end_is_a_response_that_the_sdk_knows(kept: str, fields: dict) -> None:
    opening = {"created": created(**fields), "nothing": b"", "no object": b"data: 7\n\n"}[kept]
    *_, failed = ends(opening, opening)
    if kept != "created" or "id" not in fields:
        Response.model_validate_json(orjson.dumps(failed["response"]), strict=True)


def test_a_stream_that_never_began_begins_with_its_end() -> None:
    told = ends(b"", b": keep-alive\n\n")
    assert [each["type"] for each in told] == ["response.created", "error", "response.failed"]
    assert [each["sequence_number"] for each in told] == [0, 1, 2]
    assert {each["response"]["id"] for each in (told[0], told[2])} == {"resp_1"}


def test_of_a_long_opening_the_short_fields_are_kept() -> None:
    opening = opening_in(created(instructions="x" * LONGEST_OPENING))
    assert len(opening) < 500
    assert response_of(opening) == {"id": "resp_7", "model": "gpt-5", "created_at": 5}


def test_only_what_begins_a_response_is_an_opening() -> None:
    assert opening_in(typed_event("response.in_progress", response=BEGUN)) == b""
    assert opening_in(b": wait\n\n" + created()) == created()


def test_an_opening_that_cannot_be_read_tells_nothing() -> None:
    assert response_of(b"data: {\n\n") == {}
    assert response_of(b'data: {"response": 7}\n\n') == {}


def test_what_follows_has_the_next_number() -> None:
    assert number_behind(created() + typed_event("x", sequence_number=4)) == 5
    assert number_behind(b": wait\n\n") == 0


def test_codes_are_those_that_clients_know() -> None:
    begun = begun_response("req_1", {})
    for code, told in (("provider_rate_limited", "rate_limit_exceeded"), (None, "server_error")):
        assert failed_response(begun, code, "no")["error"]["code"] == told

"""The response that a socket is in the midst of."""

import json

from proxy.client_side.errors import UpstreamAnswerError
from proxy.websockets.open_response import OpenResponse

ERROR = UpstreamAnswerError("Broken.")


def event(kind, number, **fields):
    return json.dumps({"type": f"response.{kind}", "sequence_number": number, **fields})


def seen(*messages):
    response = OpenResponse()
    for message in messages:
        response.see(message)
    return response


CREATED = event("created", 0, response={"id": "resp_1", "status": "in_progress"})


def test_a_response_that_is_open_fails():
    response = seen(CREATED, event("output_text.delta", 4, delta="H"))
    told = json.loads(response.failed(ERROR))
    assert (told["type"], told["sequence_number"]) == ("response.failed", 5)
    assert (told["response"]["id"], told["response"]["status"]) == ("resp_1", "failed")
    assert told["response"]["error"] == {"code": "server_error", "message": "Broken."}
    assert response.failed(ERROR) == ""


def test_one_that_has_ended_does_not():
    for kind in ("completed", "incomplete", "failed"):
        assert seen(CREATED, event(kind, 1, response={})).failed(ERROR) == ""
    assert seen(event("output_text.delta", 1)).failed(ERROR) == ""


def test_the_next_response_is_another():
    ended = event("completed", 1, response={})
    second = event("created", 0, response={"id": "resp_2"})
    assert json.loads(seen(CREATED, ended, second).failed(ERROR))["response"]["id"] == "resp_2"

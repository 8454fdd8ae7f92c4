"""Responses whose ids are long, or hold what a path does not."""

from __future__ import annotations

import pytest

from proxy.client_side.errors import ApiError
from proxy.views.stored_responses import segment_of
from resilience.outcomes import Kind
from resilience.states import states
from tests.support.asgi import AsgiClient

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "resp_" + "bGl0ZWxsbTpjdXN0b21fbGxt" * 19 + "=="


def made(response_id: str) -> dict:
    return {"id": response_id, "object": "response", "status": "completed", "output": []}


@pytest.mark.parametrize(
    ("response_id", "path"), [(LONG, LONG), ("a+b/c==", "a%2Bb%2Fc=="), ("resp_1", "resp_1")]
)
async def test_a_response_is_gone_on_from_and_asked_for_by_its_id(
    ask, upstream, api, key, response_id, path
) -> None:
    upstream.answer = made(response_id)
    body = {"model": "m", "input": "Hello"}
    assert (await ask("/v1/responses", body)).status == 200
    assert (await ask("/v1/responses", body | {"previous_response_id": response_id})).status == 200
    assert upstream.body["previous_response_id"] == response_id
    headers = {"authorization": f"Bearer {key}"}
    for below in ("", "/input_items"):
        asked = f"/v1/responses/{response_id}{below}"
        client = await AsgiClient("GET", asked, headers=headers).through(api)
        assert client.status == 200
        assert upstream.last.url.raw_path.decode() == f"/v1/responses/{path}{below}"


@pytest.mark.parametrize(("method", "below"), [("GET", ""), ("POST", "/cancel"), ("DELETE", "")])
async def test_a_limit_of_the_model_keeps_nobody_from_a_response(
    ask, upstream, api, key, connection, method, below
) -> None:
    upstream.answer = made("resp_1")
    assert (await ask("/v1/responses", {"model": "m", "input": "Hello"})).status == 200
    states.of((connection.id, "m")).cool(60, Kind.RATE_LIMITED)
    assert (await ask("/v1/responses", {"model": "m", "input": "Hello"})).status == 503
    headers = {"authorization": f"Bearer {key}"}
    client = AsgiClient(method, f"/v1/responses/resp_1{below}", headers=headers)
    assert (await client.through(api)).status == 200


async def test_an_id_of_nobody_is_not_found(ask) -> None:
    body = {"model": "m", "input": "Hello", "previous_response_id": LONG}
    client = await ask("/v1/responses", body)
    assert (client.status, client.json["error"]["code"]) == (400, "previous_response_not_found")


@pytest.mark.parametrize("response_id", ["..", "a/../b", "a\\..\\b", ".", "/a", "a\nb", "a//b", ""])
def test_an_id_that_could_leave_its_place_is_never_asked_for(response_id: str) -> None:
    with pytest.raises(ApiError):
        segment_of(response_id)

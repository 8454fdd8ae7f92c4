"""Connections that lead back to the gateway they belong to, at once or by another gateway."""

from __future__ import annotations

import pytest

from tests.support.api import CHAT, chat_body, client_of, listed, wait_for_models
from tests.support.processes import wait_until
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

EVERYTHING = [{"models": ["*"], "everyone": True}]


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("m",)) as upstream:
        yield upstream


def connection(name, url, key, **fields):
    return {"name": name, "base_url": f"{url}/v1", "keys": [key], **fields}


def test_a_verification_says_what_is_wrong(start_gateway) -> None:
    gateway = start_gateway()
    key = gateway.api_key("ada", is_admin=True)
    gateway.configure(connections=[connection("own", gateway.url, key)], grants=EVERYTHING)
    with client_of(gateway, key) as client:
        verified = client.post("/openai/verify", json={"url": f"{gateway.url}/v1", "key": key})
        assert "leads back to this gateway" in verified.json()["error"]["message"]
        assert listed(client) == set()
    said = "No list of models from own: The connection leads back"
    wait_until(lambda: said in gateway.log, what="the reason in the log")


def test_the_second_pass_of_a_gateway_is_508_in_every_form(start_gateway) -> None:
    gateway = start_gateway()
    key = gateway.api_key("ada", is_admin=True)
    own = connection("own", gateway.url, key, model_ids=["m"])
    gateway.configure(connections=[own], grants=EVERYTHING)
    with client_of(gateway, key) as client:
        wait_for_models(client, "m")
        for fields in ({}, {"stream": True}):
            answer = client.post(CHAT, json=chat_body("m", **fields))
            assert (answer.status_code, answer.json()["error"]["code"]) == (508, "loop_detected")
            assert answer.headers["x-should-retry"] == "false"
        message = {"model": "m", "max_tokens": 1, "messages": chat_body("m")["messages"]}
        answer = client.post("/v1/messages", json=message)
        assert (answer.status_code, answer.json()["error"]["type"]) == (508, "api_error")
        form = {"model": (None, "m"), "file": ("a.wav", b"sound")}
        assert client.post("/v1/audio/transcriptions", files=form).status_code == 508
    assert "The connection own leads back to this gateway." in gateway.log


def test_gateways_that_list_each_other_do_not_nest(start_gateway, upstream) -> None:
    one, two = start_gateway(), start_gateway()
    keys = {gateway: gateway.api_key("ada", is_staff=True) for gateway in (one, two)}
    real = connection("real", upstream.url.removesuffix("/v1"), "sk-upstream", priority=20)
    to_two = connection("two", two.url, keys[two], prefix_id="two")
    to_one = connection("one", one.url, keys[one], prefix_id="one")
    one.configure(connections=[real, to_two], grants=EVERYTHING)
    two.configure(connections=[to_one], grants=EVERYTHING)
    with client_of(one, keys[one]) as client, client_of(two, keys[two]) as other:
        wait_for_models(other, "one.m")
        for gateway in (one, two):  # whoever asks once more hears what there is by now
            gateway.manage("sync_models")
        wait_until(lambda: listed(other) == {"one.m"}, what="the list of the other")
        assert listed(client) == {"m"}
        assert other.post(CHAT, json=chat_body("one.m")).status_code == 200
        assert "gateway_path" not in client.get("/v1/models").text


def test_gateways_that_stand_in_for_each_other_find_the_way_out(start_gateway, upstream) -> None:
    one, two = start_gateway(), start_gateway()
    keys = {gateway: gateway.api_key("ada", is_staff=True) for gateway in (one, two)}
    real = connection("real", upstream.url.removesuffix("/v1"), "sk-upstream", priority=20)
    to_two = connection("two", two.url, keys[two], model_ids=["m"], priority=1)
    to_one = connection("one", one.url, keys[one], model_ids=["m"], priority=1)
    one.configure(connections=[to_two, real], grants=EVERYTHING)
    two.configure(connections=[to_one, real], grants=EVERYTHING)
    with client_of(one, keys[one]) as client, client_of(two, keys[two]) as other:
        wait_for_models(client, "m")
        wait_for_models(other, "m")
        before = len(upstream.calls)
        assert client.post(CHAT, json=chat_body("m")).status_code == 200
        [call] = upstream.calls[before:]
        assert len(call.header("x-gateway-hops").split(",")) == 2

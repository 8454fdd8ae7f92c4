"""A key that is refused, or asked to wait, is left alone, and the others serve."""

from __future__ import annotations

import httpx
import pytest

from tests.acceptance.resilience.routed import connection, route, routed
from tests.support.api import CHAT, chat_body, client_of
from tests.support.processes import wait_until
from tests.support.scripted_upstream import status

pytestmark = pytest.mark.acceptance

MANY = 10


@pytest.fixture(scope="module")
def client(gateway, first, second):
    key = routed(
        gateway,
        [
            connection("three", first, "three-keys", keys=["k1", "k2", "k3"]),
            connection("first", first, "unsaid"),
            connection("second", second, "unsaid", "bare"),
            connection("narrow", first, "bare", "other", keys=["k4"]),
        ],
        [
            route("three-keys", "three"),
            route("unsaid", "first", "second"),
            route("bare", "narrow", "second"),
            route("other", "narrow"),
        ],
    )
    with client_of(gateway, key) as client:
        yield client


def chat(client: httpx.Client, model: str) -> httpx.Response:
    return client.post(CHAT, json=chat_body(model))


def test_a_refused_key_and_a_busy_one_give_way_to_the_third(client, first):
    first.tell(status(401, code="invalid_api_key"), key="k1")
    first.tell(status(429, {"Retry-After": "600"}), key="k2")

    def is_learned() -> bool:
        """Keys are taken in turn, so that it may take some requests to meet each."""
        assert chat(client, "three-keys").status_code == 200
        return bool(first.hits(key="k1") and first.hits(key="k2"))

    wait_until(is_learned, what="a request with each key")
    for _ in range(MANY):
        answered = chat(client, "three-keys")
        assert (answered.status_code, answered.headers.get("x-gateway-attempts", "1")) == (200, "1")
    assert (first.hits(key="k1"), first.hits(key="k2")) == (1, 1)
    assert first.bill_of("k3").requests == first.bill.requests


def test_a_429_without_any_header_cools_too(client, first, second):
    first.tell(status(429), key="sk-first")
    for _ in range(MANY):
        assert chat(client, "unsaid").status_code == 200
    assert first.hits(key="sk-first") == 1
    assert second.hits(model="unsaid") == MANY


def test_a_429_is_about_one_model_of_a_key(client, first, second):
    first.tell(status(429, {"Retry-After": "600"}), key="k4", model="bare")
    assert chat(client, "bare").status_code == 200
    assert chat(client, "other").status_code == 200
    assert chat(client, "bare").status_code == 200
    assert (first.hits(model="bare"), first.hits(model="other")) == (1, 1)
    assert second.hits(model="bare") == 2

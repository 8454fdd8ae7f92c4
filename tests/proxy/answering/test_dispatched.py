from __future__ import annotations

import httpx
import pytest

from connections.calling.client import UpstreamResponse
from proxy.answering.dispatched import Dispatched
from proxy.client_side.errors import UpstreamAnswerError
from tests.support.builders import SECRET, a_response, a_target


def dispatched(status: int = 200, secrets: frozenset[str] = frozenset()) -> Dispatched:
    response = UpstreamResponse(httpx.Response(status), secrets=secrets)
    return Dispatched(target=a_target(), response=response)


@pytest.mark.parametrize(
    ("status", "is_success"), [(101, False), (200, True), (299, True), (302, False), (500, False)]
)
def test_a_success_has_its_status(status: int, is_success: bool) -> None:
    assert dispatched(status).is_success is is_success


def test_an_answer_without_a_socket_is_none_for_a_socket() -> None:
    with pytest.raises(UpstreamAnswerError, match="WebSocket"):
        _ = Dispatched(target=a_target(), response=a_response()).socket


def test_no_secret_of_the_connection_or_the_request_may_be_repeated() -> None:
    told = dispatched(secrets=frozenset({"token-of-the-request"}))
    assert {SECRET, "token-of-the-request"} <= told.secrets
    assert {SECRET, "token-of-the-request"} <= told.kept_from_errors


def test_no_set_is_made_where_a_key_of_the_connection_has_signed() -> None:
    told = dispatched(secrets=frozenset({SECRET}))
    assert told.secrets is told.target.connection.upstream.secrets

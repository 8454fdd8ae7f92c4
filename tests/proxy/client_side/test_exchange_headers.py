from __future__ import annotations

from proxy.client_side.exchange_headers import with_exchange
from tests.support.builders import a_caller
from usage.attempts import Attempt
from usage.exchange import Exchange

FIELD = (b"content-type", b"application/json")


def an_exchange() -> Exchange:
    return Exchange(
        request_id="req_1", caller=a_caller(), endpoint="chat/completions", model="gpt-4o"
    )


def test_a_request_of_which_there_is_nothing_to_tell_has_no_more_headers() -> None:
    exchange = an_exchange()
    exchange.attempts = [Attempt("a", "m", "")]
    assert with_exchange([FIELD], exchange) == [FIELD]


def test_attempts_are_told_if_there_were_several() -> None:
    exchange = an_exchange()
    exchange.attempts = [Attempt("a", "m", ""), Attempt("b", "m", "")]
    assert with_exchange([FIELD], exchange) == [FIELD, (b"x-gateway-attempts", b"2")]


def test_a_wait_is_told_in_milliseconds() -> None:
    exchange = an_exchange()
    exchange.queued_seconds = 1.25
    assert with_exchange([FIELD], exchange) == [FIELD, (b"x-gateway-queued-ms", b"1250")]


def test_limits_and_changed_parameters_follow() -> None:
    exchange = an_exchange()
    exchange.limit_headers = [(b"x-ratelimit-limit-requests", b"20")]
    exchange.changed_params = ("max_tokens",)
    assert with_exchange([FIELD], exchange) == [
        FIELD,
        (b"x-ratelimit-limit-requests", b"20"),
        (b"x-gateway-changed-params", b"max_tokens"),
    ]


def test_what_a_gateway_behind_has_changed_is_told_in_the_same_header() -> None:
    exchange = an_exchange()
    exchange.changed_params = ("max_tokens",)
    headers = with_exchange([(b"x-gateway-changed-params", b"max_output_tokens"), FIELD], exchange)
    assert headers == [FIELD, (b"x-gateway-changed-params", b"max_tokens, max_output_tokens")]

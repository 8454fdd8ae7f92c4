"""Which of an upstream's headers go on to the client."""

import pytest

from proxy.client_side.response_headers import passed_on, retry_headers


def test_only_known_headers_are_passed_on():
    fields = [(b"OpenAI-Version", b"2020-10-01"), (b"set-cookie", b"a=b"), (b"server", b"x")]
    assert passed_on(fields) == {"openai-version": "2020-10-01"}


def test_one_that_is_said_twice_is_said_as_a_list():
    fields = [(b"x-gateway-dropped-params", b"a"), (b"X-Gateway-Dropped-Params", b"b")]
    assert passed_on(fields) == {"x-gateway-dropped-params": "a, b"}


def test_what_cannot_be_shown_is_left_out():
    assert passed_on([(b"openai-model", b""), (b"openai-version", b"a\x07b")]) == {}


@pytest.mark.parametrize(
    "value", [b"a\r\nset-cookie: a=b", b"a\x00b", b"a\x7f", b"\xe9", "→".encode(), b"x" * 201, b""]
)
@pytest.mark.parametrize("name", [b"openai-version", b"openai-processing-ms"])
def test_what_a_header_cannot_carry_is_left_out(name, value):
    assert passed_on([(name, value)]) == {}


def test_list_that_grows_too_long_is_cut_between_its_items():
    name = b"x-gateway-dropped-params"
    whole = ["a" * 990, "b" * 990]
    assert passed_on([(name, ", ".join([*whole, "c" * 99]).encode())]) == {
        "x-gateway-dropped-params": ", ".join(whole)
    }
    assert passed_on([(name, text.encode()) for text in (*whole, "c" * 99)]) == {
        "x-gateway-dropped-params": ", ".join(whole)
    }
    assert passed_on([(name, b"a" * 2001)]) == {}


@pytest.mark.parametrize("value", [b"soon", b"-1", b"1e9", b"9" * 13, b"1 2", b"nan"])
def test_a_duration_is_a_number(value):
    assert passed_on([(b"openai-processing-ms", value)]) == {}
    assert passed_on([(b"openai-processing-ms", b"12.5")]) == {"openai-processing-ms": "12.5"}


def test_delays_are_rewritten():
    said = {"retry-after": "0007.5", "retry-after-ms": "9" * 40, "x-ratelimit-limit": "1"}
    assert retry_headers(said) == {"retry-after": "8", "retry-after-ms": "86400000"}


@pytest.mark.parametrize("value", ["7\x01", "→", "7\r\na: b", "\udcff", "soon", "-1", ""])
def test_delays_that_make_no_sense_are_left_out(value):
    assert retry_headers({"retry-after": value, "retry-after-ms": value}) == {}

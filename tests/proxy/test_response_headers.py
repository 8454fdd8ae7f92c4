"""Which of an upstream's headers go on to the client."""

from proxy.response_headers import passed_on


def test_only_known_headers_are_passed_on():
    fields = [(b"OpenAI-Version", b"2020-10-01"), (b"set-cookie", b"a=b"), (b"server", b"x")]
    assert passed_on(fields) == {"openai-version": "2020-10-01"}


def test_one_that_is_said_twice_is_said_as_a_list():
    fields = [(b"x-gateway-dropped-params", b"a"), (b"X-Gateway-Dropped-Params", b"b")]
    assert passed_on(fields) == {"x-gateway-dropped-params": "a, b"}


def test_what_cannot_be_shown_is_left_out():
    assert passed_on([(b"openai-model", b""), (b"openai-version", b"a\x07b")]) == {}

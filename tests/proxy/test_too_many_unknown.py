"""What a client is told whose address floods the gateway with unknown keys."""

from accounts.authentication import AuthenticationUnavailable, TooManyUnknownKeys
from proxy.client_side.exception_handler import to_api_error


def test_it_is_told_when_to_come_back():
    error = to_api_error(TooManyUnknownKeys())
    assert (error.status, error.code) == (429, "rate_limit_exceeded")
    assert error.headers == {"retry-after": "1"}


def test_it_is_not_told_that_its_key_is_bad():
    assert issubclass(TooManyUnknownKeys, AuthenticationUnavailable)

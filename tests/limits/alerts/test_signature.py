from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from limits.alerts.signature import secret_problem, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_example_of_the_standard_has_its_signature() -> None:
    """https://github.com/standard-webhooks/standard-webhooks: libraries/python/tests."""
    headers = signed_headers(
        b'{"test": 2432232314}',
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        secret=SECRET,
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_verifies_it_with_the_key_behind_the_prefix() -> None:
    body = b'{"limit":"interns"}'
    headers = signed_headers(body, id="a", timestamp=7, secret=SECRET)
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = hmac.new(key, b"a.7." + body, hashlib.sha256).digest()
    assert base64.b64decode(headers["webhook-signature"].removeprefix("v1,")) == expected


def test_without_a_secret_nothing_is_signed() -> None:
    assert signed_headers(b"{}", id="a", timestamp=7, secret="") == {
        "webhook-id": "a",
        "webhook-timestamp": "7",
    }


@pytest.mark.parametrize("secret", ["whsec_not base64", "whsec_c2hvcnQ=", "plain words here"])
def test_a_secret_that_cannot_sign_is_told_without_its_value(secret: str) -> None:
    assert secret_problem(secret)
    assert secret.removeprefix("whsec_") not in secret_problem(secret)
    assert secret_problem(SECRET) == ""

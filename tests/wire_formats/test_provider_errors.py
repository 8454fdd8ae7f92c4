"""What providers say of their errors, whichever way they write it."""

import pytest

from wire_formats.provider_errors import error_in_body
from wire_formats.secrets import DEEPEST, cleaned, failure_without_secrets

SECRETS = frozenset({"sk-secret", "sk-secret-longer"})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "no"}}', "no"),
        (b'{"error": "no"}', "no"),
        (b'{"detail": "no"}', "no"),
        (b'{"message": "no"}', "no"),
        (b'[{"error": {"message": "no"}}]', "no"),
        (b'{"error": {"detail": "no"}}', "no"),
        (b"no", ""),
        (b"[]", ""),
        (b'{"error": 5}', ""),
    ],
)
def test_its_message_is_found(body, message):
    assert error_in_body(body).message == message


def test_a_status_may_stand_in_the_code():
    assert error_in_body(b'{"error": {"message": "no", "code": 429}}').status == 429
    assert error_in_body(b'{"error": {"message": "no", "code": "503"}}').status == 503


def test_secrets_are_removed_from_every_text_of_a_failure():
    error = {
        "message": "sk-secret-longer",
        "details": {"raw": "Bearer sk-secret", "sk-secret": 1},
        "innererror": [{"code": "sk-secret"}, "sk-secret"],
        "status": 400,
    }
    told = failure_without_secrets({"object": "response", "error": error}, SECRETS)
    assert told["error"] == {
        "message": "[removed]",
        "details": {"raw": "Bearer [removed]", "[removed]": 1},
        "innererror": [{"code": "[removed]"}, "[removed]"],
        "status": 400,
    }
    assert failure_without_secrets({"error": ["sk-secret"]}, SECRETS) == {"error": ["[removed]"]}


def test_what_is_nested_too_deeply_is_left_out():
    error: object = "sk-secret"
    for _ in range(DEEPEST + 1):
        error = {"in": error}
    assert "sk-secret" not in str(cleaned(error, SECRETS))

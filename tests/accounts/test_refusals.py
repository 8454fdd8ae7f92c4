import logging

import jwt
import pytest

from accounts.refusals import CAUSES, Refusals, TokenRefusedError, cause_of


def test_a_cause_is_logged_once_in_a_minute(caplog):
    moments = iter([0.0, 0.0, 1.0, 1.0, 59.0, 59.0, 61.0, 61.0])
    refusals = Refusals(logging.getLogger("refusals"), "A token", moments.__next__)
    for _ in range(4):
        refusals.note("it is late")
        refusals.note("it is early")
    assert caplog.messages == [
        "A token is refused: it is late.",
        "A token is refused: it is early.",
        "A token is refused: it is late. (and 2 times before)",
        "A token is refused: it is early. (and 2 times before)",
    ]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (TokenRefusedError("it is odd"), "it is odd"),
        (jwt.MissingRequiredClaimError("exp"), "it has no `exp`"),
        (jwt.DecodeError("canary"), "it is malformed"),
        (ValueError("canary"), "it is malformed"),
        *((kind("canary"), cause) for kind, cause in CAUSES),
    ],
    ids=repr,
)
def test_an_error_is_told_without_what_it_quotes(error, cause):
    assert cause_of(error) == cause

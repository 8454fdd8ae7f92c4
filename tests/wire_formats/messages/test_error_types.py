"""Anthropic's types of errors and their statuses."""

import pytest

from wire_formats.messages.error_types import type_of, with_status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (418, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "overloaded_error"),
        (529, "overloaded_error"),
    ],
)
def test_every_status_has_a_type(status, kind):
    assert type_of(status) == kind


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "overloaded_error"}, 529),
        ({"type": "not_found_error", "code": 1}, 404),
        ({"type": "api_error"}, None),
        ({"type": "api_error", "code": 500}, 500),
        ({}, None),
    ],
)
def test_an_error_gets_the_status_of_its_type(error, code):
    assert with_status(error) == error | {"code": code}


def test_an_error_that_is_no_object():
    assert with_status("no") == "no"
    assert with_status(None) == "The upstream reported an error."

"""What refers to an earlier message of Anthropic's, and what is kept from the guard."""

import pytest

from proxy.references.messages import guarded_part, is_followed, previous_message

BODY = {"model": "m", "messages": []}
ASKED = {"diagnostics": {"previous_message_id": "msg_1"}}


@pytest.mark.parametrize("is_native", [True, False])
@pytest.mark.parametrize("field", [ASKED, {"fallbacks": "default"}])
def test_hints_that_name_nothing_of_the_account_are_kept_apart(field, is_native):
    assert guarded_part(BODY | field, is_native=is_native) == BODY


@pytest.mark.parametrize(
    "field",
    [
        {"diagnostics": {"previous_message_id": None}},
        {"diagnostics": {"previous_message_id": ["msg_1"]}},
        {"fallbacks": [{"model": "m"}]},
        {"fallbacks": "another-model"},
        {"container": "container_1"},
        {"thread": {"previous_message_id": "msg_1"}},
    ],
)
def test_everything_else_is_guarded(field):
    body = BODY | field
    assert guarded_part(body, is_native=False) is body


def test_anthropics_profiles_are_guarded_where_anthropic_may_see_them():
    body = BODY | {"user_profile_id": "uprof_1"}
    assert guarded_part(body, is_native=True) is body
    assert guarded_part(body, is_native=False) == BODY


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({}, False),
        ({"thread": None}, False),
        ({"thread": {"type": "create"}}, True),
        ({"diagnostics": {"previous_message_id": None}}, True),
    ],
)
def test_whether_later_requests_may_refer_to_the_answer(field, expected):
    assert is_followed(BODY | field) is expected


@pytest.mark.parametrize("field", [{}, {"diagnostics": 7}, {"diagnostics": {}}])
def test_no_previous_message(field):
    assert previous_message(BODY | field, "diagnostics") is None

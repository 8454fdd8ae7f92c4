from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.providers.headers import encoded, extra_headers, overlaid, user_info_headers
from tests.support.builders import a_caller


def filled(template: str, chat_id: str = "", **caller: object) -> str:
    return extra_headers((("X-A", template),), a_caller(**caller), chat_id)["X-A"]


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{USER_NAME}}", "Ada Lovelace"),
        ("{{USER_EMAIL}}", "ada@example.com"),
        ("id={{USER_ID}}; role={{USER_ROLE}}", "id=7; role=user"),
        ("{{CHAT_ID}}{{CHAT_ID}}", "c1c1"),
        ("{{UNKNOWN}} {{user_id}} {USER_ID}", "{{UNKNOWN}} {{user_id}} {USER_ID}"),
        ("plain", "plain"),
    ],
)
def test_placeholders_are_filled_in(template: str, value: str) -> None:
    assert filled(template, "c1") == value


def test_what_is_filled_in_is_not_read_again() -> None:
    assert filled("{{CHAT_ID}}", "{{USER_EMAIL}}") == "{{USER_EMAIL}}"


def test_staff_is_admin() -> None:
    assert filled("{{USER_ROLE}}", is_staff=True) == "admin"


@given(name=st.text(), email=st.text(), chat_id=st.text())
def test_no_user_can_break_out_of_a_header(name: str, email: str, chat_id: str) -> None:
    caller = a_caller(display_name=name, email=email)
    headers = user_info_headers(caller, chat_id, audience="one")
    headers["X-A"] = filled(
        "{{USER_NAME}}{{USER_EMAIL}}{{CHAT_ID}}", chat_id, display_name=name, email=email
    )
    assert all(value.isascii() and value.isprintable() for value in headers.values())
    assert encoded(headers)


def test_a_header_replaces_one_of_the_same_name_only() -> None:
    merged = overlaid({"accept": "a", "user-agent": "b"}, {"User-Agent": "c", "X": "d"})
    assert merged == {"accept": "a", "User-Agent": "c", "X": "d"}

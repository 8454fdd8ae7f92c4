"""Names and ids in the alphabets and lengths that chats take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire_formats.fitting import aliases
from wire_formats.messages.request_to_chat.names import call_id, tool_name, user_name


@given(st.lists(st.text("ab.é", min_size=60, max_size=70), unique=True, max_size=5))
def test_names_come_back_from_their_aliases(names):
    told = aliases(names, tool_name)
    assert [told.get(tool_name(name), name) for name in names] == names


@pytest.mark.parametrize(
    ("id_", "is_short", "is_limited", "is_kept"),
    [
        ("toolu_01", False, True, True),
        ("functions.f:0", False, True, True),
        ("x" * 41, False, True, False),
        ("x" * 500, False, False, True),
        ("", False, False, False),
        ("abcDEF123", True, False, True),
        ("toolu_01", True, False, False),
    ],
)
def test_ids_of_calls(id_, is_short, is_limited, is_kept):
    written = call_id(id_, is_short=is_short, is_limited=is_limited)
    assert (written == id_) is is_kept
    assert 0 < len(written) <= (9 if is_short else 40 if is_limited else 500)


@pytest.mark.parametrize("user", ["ada@example.com", "u" * 64])
def test_short_users_stay(user):
    assert user_name(user) == user


def test_a_long_user_is_the_same_in_each_request():
    user = "user_" + "a1" * 70
    assert user_name(user) == user_name(user) != user_name(user + "x")
    assert len(user_name(user)) == 64


@pytest.mark.parametrize("name", ["a.b", "x" * 65, ""])
def test_a_name_is_one_that_a_function_may_have(name):
    assert 0 < len(tool_name(name)) <= 64
    assert tool_name("mcp__a-b") == "mcp__a-b"

"""JSON of ours in texts that clients bring back unread."""

import pytest

from wire_formats.carried_json import is_marked, marked, value_of

MARK = "ours."


@pytest.mark.parametrize("value", [{}, {"a": [1, "é", None]}])
def test_a_value_comes_back(value):
    text = marked(value, MARK)
    assert text.isascii()
    assert is_marked(text, MARK)
    assert value_of(text, MARK) == value


@pytest.mark.parametrize("text", [None, 7, "", "theirs.e30=", "ours.", "ours.é", "ours.e"])
def test_what_is_damaged_or_of_others_holds_nothing(text):
    assert value_of(text, MARK) is None

"""Values that are of another type than they should be."""

import pytest

from wire_formats.json_values import as_list, as_object, as_text, is_given


@pytest.mark.parametrize("value", ["Hi", "", ["a"], [], {"a": 1}, {}, None, 7, True])
def test_what_is_of_another_type_is_empty(value):
    assert as_text(value) == (value if isinstance(value, str) else "")
    assert as_list(value) == (value if isinstance(value, list) else [])
    assert as_object(value) == (value if isinstance(value, dict) else {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False),
        ([], False),
        ({}, False),
        ("", False),
        (0, True),
        (False, True),
        ([None], True),
    ],
)
def test_what_is_null_or_empty_says_nothing(value, expected):
    assert is_given(value) is expected

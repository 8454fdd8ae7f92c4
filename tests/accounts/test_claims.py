"""Claims are found and read in every form that providers write."""

import pytest

from accounts.claims import MISSING, find, is_true, read_names, shape, text_of

DEEP = {
    "resource_access": {"gate.house": {"roles": ["a"]}, "gate": {"house": {"roles": ["b"]}}},
    "https://acme.example/claims": {"groups": ["c"]},
    "https://acme.example/groups": ["d"],
    "a.b": 1,
    "a": {"b": 2, "c": None},
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("resource_access.gate.house.roles", ["a"]),
        ("https://acme.example/claims.groups", ["c"]),
        ("https://acme.example/groups", ["d"]),
        ("a.b", 1),
        ("a.c", None),
        ("a.c.d", MISSING),
        ("a.b.c", MISSING),
        ("none", MISSING),
        ("", MISSING),
        (".", MISSING),
    ],
)
def test_a_name_leads_to_a_value(name, value):
    assert find(DEEP, name) is value or find(DEEP, name) == value


@pytest.mark.parametrize(
    "value",
    [
        ["a", "b"],
        ["/a", " b ", ""],
        {"a": {"org": 1}, "b": True, "c": False, "d": None},
        {"a": {}, "b": []},
        [{"name": "a"}, {"displayName": "b", "id": 7}],
        [{"display_name": "a"}, {"value": "b", "$ref": "x"}],
        ["a", {"path": "/b"}],
        "a,b",
        "/a, /b,",
        "a;b",
        '["a", "b"]',
        ' {"a": {}, "b": {}}',
    ],
    ids=str,
)
def test_every_form_names_the_same(value):
    read = read_names(value, lambda _name: False)
    assert (read.names, read.is_complete) == ({"a", "b"}, True)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("/team/a", {"team/a"}),
        ({"name": "a"}, {"a"}),
        ([1, 2], {"1", "2"}),
        ("[a", {"[a"}),
        ("CN=x,OU=y;CN=z,OU=y", {"CN=x,OU=y", "CN=z,OU=y"}),
        ({"a": 1, "b": "false", "c": "", "d": 0, "e": "False"}, {"a"}),
        *((empty, set()) for empty in ([], {}, "", " ", "[]", {"a": False})),
    ],
)
def test_other_forms_are_complete_too(value, names):
    read = read_names(value, lambda _name: False)
    assert (read.names, read.is_complete) == (names, True)


def test_text_is_split_at_blanks_where_each_part_is_known():
    known = {"users", "admins"}.__contains__
    assert read_names("users /admins\n", known).names == {"users", "admins"}
    assert read_names("x admins", known).names == {"x admins"}
    assert read_names("Domain Users", lambda _name: False).names == {"Domain Users"}


@pytest.mark.parametrize("name", ["Domain Admins", "CN=ml,OU=groups,DC=acme"])
def test_text_that_is_known_as_a_whole_is_not_split(name):
    assert read_names(name, {name}.__contains__).names == {name}
    assert read_names(f"/{name}", {name}.__contains__).names == {name}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, set()),
        (7, set()),
        (True, set()),
        (MISSING, set()),
        (["a", None], {"a"}),
        (["a", {"colour": "red"}], {"a"}),
        (["a", ["b"]], {"a"}),
        ([{"name": {"first": "a"}}], set()),
        ([True], set()),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_empty(value, names):
    read = read_names(value, lambda _name: False)
    assert (read.names, read.is_complete) == (names, False)


def test_a_shape_tells_nothing_of_the_value():
    values = (MISSING, None, True, 1.5, "secret", {"secret": 1}, [], [1, "secret", {}, None])
    assert [shape(value) for value in values] == [
        *("nothing", "null", "a boolean", "a number", "a string of 6 characters"),
        *("an object of 1 fields", "an empty array"),
        "an array of 4 (null, number, object, string)",
    ]


def test_text_and_booleans_are_what_they_say():
    assert [text_of(value) for value in (" a ", "a\nb", 7, None)] == ["a", "", "", ""]
    assert [is_true(value) for value in (True, "true", "false", 1, None)] == [
        *(True, True, False, False, False)
    ]

import pytest
from django.core.exceptions import ImproperlyConfigured

from gateway_project.settings import environment

NAME = "GATEWAY_TEST_VALUE"


@pytest.fixture
def set_to(monkeypatch):
    return lambda value: monkeypatch.setenv(NAME, value)


def test_text_that_begins_with_a_dollar_sign_is_taken_as_it_is(set_to):
    set_to("$ecret$HOME")

    assert environment.text(NAME) == "$ecret$HOME"


@pytest.mark.parametrize(("value", "meaning"), [("TRUE", True), ("0", False), ("", True)])
def test_switch(set_to, value, meaning):
    set_to(value)

    assert environment.switch(NAME, default=True) is meaning


@pytest.mark.parametrize("value", ["inf", "nan", "-1", "ten"])
def test_number_out_of_range_is_refused(set_to, value):
    set_to(value)

    with pytest.raises(ImproperlyConfigured, match=NAME):
        environment.number(NAME, default=1)


@pytest.mark.parametrize(
    ("value", "items"),
    [("a;b", ["a", "b"]), (";b;", ["", "b", ""]), ('["a", ""]', ["a", ""]), ("", [])],
)
def test_list_keeps_empty_items_in_their_place(set_to, value, items):
    set_to(value)

    assert environment.items(NAME, separator=";", keep_empty=True) == items


@pytest.mark.parametrize("value", ["[1, 2]", "[secret", '["a", null]'])
def test_broken_list_is_refused_without_being_shown(set_to, value):
    set_to(value)

    with pytest.raises(ImproperlyConfigured) as caught:
        environment.items(NAME, separator=";")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", ["[]", "{secret"])
def test_broken_mapping_is_refused_without_being_shown(set_to, value):
    set_to(value)

    with pytest.raises(ImproperlyConfigured) as caught:
        environment.mapping(NAME)

    assert "secret" not in str(caught.value)

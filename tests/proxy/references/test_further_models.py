"""Further models under the names that their upstream has for them."""

import pytest

from proxy.client_side.errors import InvalidRequestError, ModelNotFoundError
from proxy.references.further_models import renamed
from proxy.references.reading import shown


def upper(path, name):
    return name.upper()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"models": ["a", "b"]}, {"models": ["A", "B"]}),
        ({"fallbacks": ["a", {"model": "b", "temperature": 1}]}, None),
        ({"fallbacks": [{"a-model": ["b"]}]}, {"fallbacks": [{"A-MODEL": ["B"]}]}),
        ({"fallbacks": [{"My-Model": "b"}]}, {"fallbacks": [{"MY-MODEL": "B"}]}),
        ({"fallbacks": [{"a": ["b", "c"]}]}, {"fallbacks": [{"A": ["B", "C"]}]}),
        (
            {"context_window_fallback_dict": {"a": "b"}},
            {"context_window_fallback_dict": {"A": "B"}},
        ),
        ({"tools": [{"type": "x", "model": "a"}]}, {"tools": [{"type": "x", "model": "A"}]}),
        ({"plugins": [{"id": "x", "allowed_models": ["a"]}]}, None),
        ({"session": {"audio": {"input": {"transcription": {"model": "a"}}}}}, None),
    ],
)
def test_each_is_renamed(before, after):
    body = {"model": "m", "messages": [{"role": "user", "content": "models"}], "n": 1} | before
    made = renamed(body, upper)
    assert made.keys() == body.keys()
    assert (made["model"], made["messages"], made["n"]) == ("m", body["messages"], 1)
    if after is not None:
        assert made == body | after
    assert made != body


def test_places_are_told_as_they_stand():
    places = []
    renamed(
        {
            "models": ["a"],
            "fallbacks": [{"b": ["c"]}, {"model": "d", "fallbacks": "e"}],
            "tools": [{"type": "x", "model": "f"}],
        },
        lambda path, name: places.append((shown(path), name)) or name,
    )
    assert places == [
        ("models[0]", "a"),
        ("fallbacks[0].b", "b"),
        ("fallbacks[0].b[0]", "c"),
        ("fallbacks[1].model", "d"),
        ("fallbacks[1].fallbacks", "e"),
        ("tools[0].model", "f"),
    ]


def test_what_belongs_to_the_client_is_left_alone():
    schema = {"type": "object", "properties": {"model": {"type": "string"}}}
    body = {
        "tools": [
            {"type": "function", "function": {"name": "f", "parameters": schema}},
            {"type": "function", "name": "f", "parameters": {"model": "a"}},
            {"name": "f", "input_schema": {"model": "a"}},
        ],
        "metadata": {"model": "a"},
        "models": None,
    }
    assert renamed(body, upper) == body


@pytest.mark.parametrize("name", [["x"], {"x": 1}, 5, True])
def test_what_is_no_string_names_no_model(name):
    with pytest.raises(InvalidRequestError) as refused:
        renamed({"tools": [{"model": name}]}, upper)
    assert refused.value.message == "`tools[0].model` must be a string."
    assert refused.value.param == "tools[0].model"


def test_an_empty_name_is_that_of_no_model():
    with pytest.raises(ModelNotFoundError) as refused:
        renamed({"tools": [{"model": ""}]}, upper)
    assert refused.value.param == "tools[0].model"


def test_what_is_nested_too_deeply_is_refused():
    deep = "m"
    for _ in range(700):
        deep = {"a": deep}
    with pytest.raises(InvalidRequestError):
        renamed({"models": {"metadata": deep}}, upper)

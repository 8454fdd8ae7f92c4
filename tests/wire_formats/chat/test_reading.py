"""What is read of the fields of a chat, whatever a client wrote there."""

import pytest

from wire_formats.chat.reading import (
    Function,
    Image,
    chosen_function,
    dropped_fields,
    function_calls_of,
    functions_offered,
    json_schema_of,
    messages_of,
    output_limit,
    parts_of,
    stop_sequences,
    text_of,
)
from wire_formats.errors import UnsendableError

TEXT = {"type": "text", "text": "Hi"}


@pytest.mark.parametrize(
    ("image_url", "expected"),
    [
        ({"url": "https://example.com/a.png"}, Image(url="https://example.com/a.png")),
        ("https://example.com/a.png", Image(url="https://example.com/a.png")),
        ({"url": "data:image/png;base64,iVBO"}, Image(media_type="image/png", base64="iVBO")),
        ("data:image/png;name=a.png;base64,iVBO", Image(media_type="image/png", base64="iVBO")),
        ("data:;base64,iVBO", Image(base64="iVBO")),
    ],
)
def test_an_image_is_a_url_or_base64(image_url, expected):
    assert Image.of({"type": "image_url", "image_url": image_url}) == expected


@pytest.mark.parametrize("image_url", [None, "", 7, {}, {"url": None}, {"url": "data:,a"}])
def test_what_is_no_image_is_refused(image_url):
    with pytest.raises(UnsendableError):
        Image.of({"type": "image_url", "image_url": image_url})


@pytest.mark.parametrize(("arguments", "parsed"), [('{"a": 1}', {"a": 1}), ("", {})])
def test_arguments_are_an_object(arguments, parsed):
    assert Function(id="c", name="f", arguments=arguments).parsed_arguments() == parsed


@pytest.mark.parametrize(("arguments", "fault"), [("{", "not JSON"), ("[]", "must be an object")])
def test_arguments_that_are_none_are_refused(arguments, fault):
    with pytest.raises(UnsendableError, match=fault):
        Function(id="c", name="f", arguments=arguments).parsed_arguments()


def test_messages_are_objects_with_a_role():
    message = {"role": "user"}
    assert list(messages_of({"messages": [message]})) == [message]
    assert list(messages_of({})) == []


@pytest.mark.parametrize("messages", [7, "Hi", ["Hi"], [{}], [{"role": 7}]])
def test_what_are_no_messages_is_refused(messages):
    with pytest.raises(UnsendableError):
        list(messages_of({"messages": messages}))


def test_fields_of_messages_that_only_openai_knows_are_named_once():
    said = {"role": "user", "content": "Hi", "name": "ada", "audio": {}, "refusal": None}
    told = {"role": "assistant", "annotations": [1], "tool_calls": [], "tool_call_id": "a"}
    dropped = dropped_fields({"messages": [said, said, told]})
    assert dropped == ("messages.name", "messages.annotations")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("Hi", [TEXT]),
        ("", []),
        (None, []),
        ([TEXT, {"type": "text", "text": ""}], [TEXT]),
        ([{"type": "refusal", "refusal": "No."}], [{"type": "text", "text": "No."}]),
        ([{"type": "input_audio"}], [{"type": "input_audio"}]),
    ],
)
def test_content_is_read_as_parts(content, parts):
    assert list(parts_of({"content": content})) == parts


@pytest.mark.parametrize("content", [7, {}, ["Hi"]])
def test_content_that_is_none_is_refused(content):
    with pytest.raises(UnsendableError):
        list(parts_of({"content": content}))


def test_texts_stand_one_below_the_other():
    assert text_of({"content": [TEXT, TEXT]}) == "Hi\nHi"


@pytest.mark.parametrize("part", [{"type": "image_url"}, {"type": "text", "text": 7}])
def test_only_text_is_text(part):
    with pytest.raises(UnsendableError, match="only text"):
        text_of({"content": [part]})


@pytest.mark.parametrize(
    ("function", "arguments"), [({"arguments": "{}"}, "{}"), ({"arguments": None}, ""), ({}, "")]
)
def test_calls_of_functions(function, arguments):
    call = {"id": "c", "function": {"name": "f"} | function}
    [read] = function_calls_of({"tool_calls": [call]})
    assert read == Function(id="c", name="f", arguments=arguments)


@pytest.mark.parametrize(
    "call", [7, {}, {"id": "c"}, {"id": "c", "function": {}}, {"function": {"name": "f"}}]
)
def test_calls_without_an_id_or_a_name_are_refused(call):
    with pytest.raises(UnsendableError):
        list(function_calls_of({"tool_calls": [call]}))


def test_functions_that_are_offered():
    function = {"name": "f", "parameters": {}}
    tools = [{"type": "function", "function": function}]
    assert list(functions_offered({"tools": tools})) == [function]
    assert list(functions_offered({"tools": None})) == []


@pytest.mark.parametrize("tool", [7, {"type": "web_search"}, {"type": "function", "function": {}}])
def test_other_tools_are_refused(tool):
    with pytest.raises(UnsendableError, match="`function`"):
        list(functions_offered({"tools": [tool]}))


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ({"type": "function", "function": {"name": "f"}}, "f"),
        ({"type": "function"}, ""),
        ("auto", ""),
        (None, ""),
    ],
)
def test_a_choice_may_name_a_function(choice, name):
    assert chosen_function({"tool_choice": choice}) == name


@pytest.mark.parametrize(
    ("stop", "sequences"), [("END", ["END"]), (["a", "b"], ["a", "b"]), (None, [])]
)
def test_stops_are_a_list(stop, sequences):
    assert stop_sequences({"stop": stop}) == sequences


def test_stops_of_another_type_are_refused():
    with pytest.raises(UnsendableError, match="`stop`"):
        stop_sequences({"stop": 7})


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ({"max_tokens": 5}, 5),
        ({"max_tokens": 5, "max_completion_tokens": 6}, 6),
        ({"max_tokens": 1e3}, 1000),
        ({"max_tokens": 1.5}, None),
        ({"max_tokens": "5"}, None),
        ({}, None),
    ],
)
def test_a_limit_is_a_whole_number(body, limit):
    assert output_limit(body) == limit


@pytest.mark.parametrize(
    ("response_format", "schema"),
    [
        ({"type": "json_schema", "json_schema": {"name": "n"}}, {"name": "n"}),
        ({"type": "json_schema"}, None),
        ({"type": "json_object"}, None),
        (None, None),
    ],
)
def test_a_schema_is_an_object(response_format, schema):
    assert json_schema_of({"response_format": response_format}) == schema

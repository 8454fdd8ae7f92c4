"""What is read of the fields of a chat, whatever a client wrote there."""

import pytest

from wire_formats.chat.reading import (
    Image,
    answered_until,
    described_schema,
    further_fields,
    json_schema_of,
    messages_of,
    output_limit,
    parts_of,
    parts_with,
    stop_sequences,
)
from wire_formats.errors import UnsendableError
from wire_formats.unread import Among, all_of

EXPRESSED = all_of("role", "content")
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


def test_messages_are_objects_with_a_role():
    message = {"role": "user"}
    assert list(messages_of({"messages": [message]})) == [message]
    assert list(messages_of({})) == []


@pytest.mark.parametrize("messages", [7, "Hi", ["Hi"], [{}], [{"role": 7}]])
def test_what_are_no_messages_is_refused(messages):
    with pytest.raises(UnsendableError):
        list(messages_of({"messages": messages}))


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
        ({"max_tokens": 5, "max_completion_tokens": 0}, 0),
        ({"max_tokens": 5, "max_completion_tokens": None}, 5),
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


@pytest.mark.parametrize(
    ("roles", "count"),
    [([], 0), (["user"], 0), (["user", "assistant"], 2), (["user", "assistant", "tool"], 2)],
)
def test_what_an_assistant_answered_is_past(roles, count):
    assert answered_until([{"role": role} for role in roles]) == count


def test_fields_that_are_not_expressed_are_named():
    message = {"role": "user", "content": "Hi", "name": "ada", "audio": {}, "refusal": None}
    assert further_fields(message, EXPRESSED) == ["messages.name"]
    assert further_fields(message | {"role": "tool"}, EXPRESSED) == []


def test_fields_within_a_message_are_named_by_their_path():
    part = {"type": "image_url", "image_url": {"url": "u", "detail": "low"}, "mark": 1}
    expressed = {"role": None, "content": parts_with(detail=Among(("auto",)))}
    assert further_fields({"role": "user", "content": [part]}, expressed) == [
        "messages.content.image_url.detail",
        "messages.content.mark",
    ]
    expressed = {"role": None, "content": parts_with("mark")}
    assert further_fields({"role": "user", "content": [part]}, expressed) == []


def test_a_schema_takes_the_description_beside_it():
    schema = {"type": "object"}
    assert described_schema({"schema": schema}) == schema
    assert described_schema({"schema": schema, "description": "A city."}) == {
        "type": "object",
        "description": "A city.",
    }
    own = {"description": "Its own."}
    assert described_schema({"schema": own, "description": "A city."}) == own
    assert described_schema({"schema": 5, "description": "A city."}) == 5

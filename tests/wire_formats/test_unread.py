import pytest

from wire_formats.unread import ALL, Among, ByType, all_of, unread

IMAGE = {"type": ALL, "image_url": {"url": ALL, "detail": Among(("auto",))}}
PARTS = ByType({"text": all_of("type", "text"), "image": IMAGE, "": all_of("role")})


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ({"type": "text", "text": "Hi"}, []),
        ({"type": "text", "text": "Hi", "mark": {"ttl": 1}}, ["content.mark"]),
        ({"type": "image", "image_url": {"url": "u", "detail": "auto"}}, []),
        ({"type": "image", "image_url": {"url": "u", "detail": None}}, []),
        (
            {"type": "image", "image_url": {"url": "u", "detail": "low", "x": 0}, "y": [1]},
            ["content.image_url.detail", "content.image_url.x", "content.y"],
        ),
        ({"type": "image", "image_url": "u"}, []),
        ({"role": "user", "phase": "x"}, ["content.phase"]),
        ({"type": "never heard of", "x": 1}, []),
        ({"type": {}, "x": 1}, ["content.x"]),
        ({"type": ["text"], "x": 1}, []),
        ("text", []),
        (None, []),
    ],
)
def test_fields_that_are_not_read_are_named_by_their_place(part, names):
    assert list(unread([part], PARTS, "content")) == names
    assert list(unread(part, PARTS, "content")) == names


@pytest.mark.parametrize("nothing", [None, "", [], {}, False])
def test_a_field_that_says_nothing_is_not_named(nothing):
    assert list(unread({"type": "text", "x": nothing}, PARTS, "content")) == []

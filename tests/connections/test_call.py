from dataclasses import fields

from tests.support.builders import a_call


def test_a_call_with_another_body_is_the_same_otherwise():
    call = a_call({"n": 1}, chat_id="c", headers=(("openai-beta", "x"),), hops="a", is_long=True)
    other = call.with_body({"n": 2})
    changed = [
        one.name for one in fields(call) if getattr(call, one.name) != getattr(other, one.name)
    ]
    assert changed == ["body"]
    assert (call.body, other.body) == ({"n": 1}, {"n": 2})

"""Reasoning that comes back in ``encrypted_content``."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire_formats.carried_json import marked
from wire_formats.chat.reasoning import ANTHROPIC, Thought
from wire_formats.responses.sealed import (
    PREFIX,
    UNKNOWN,
    Origin,
    Sealed,
    is_sealed,
    opened,
    sealed,
    without_seals,
)

texts = st.text(max_size=20)
thoughts = st.builds(
    Thought,
    text=texts,
    is_summary=st.booleans(),
    signature=texts,
    sealed=texts,
    id=texts,
    format=st.sampled_from(["", ANTHROPIC]),
)
OURS = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": sealed([])}
THEIRS = OURS | {"encrypted_content": "gAAAAABo"}
HELLO = {"role": "user", "content": "Hello"}


@given(st.lists(thoughts, max_size=3), st.dictionaries(texts, texts))
def test_it_comes_back_as_it_was(told, signatures):
    kept = tuple(each if each.sealed else replace(each, id="") for each in told)
    assert opened(sealed(told, signatures)) == Sealed(thoughts=kept, signatures=signatures)


def test_an_id_that_an_upstream_would_look_up_is_taken_out():
    [thought] = opened(sealed([Thought(id="rs_of_another", text="Hm.")])).thoughts
    assert thought == Thought(text="Hm.")


def test_signatures_are_nothing_but_texts():
    assert opened(sealed([], {"c1": {"file_uri": "gs://bucket"}})) is None  # type: ignore[dict-item]


@given(st.one_of(texts, texts.map(PREFIX.__add__), st.none(), st.integers()))
def test_anything_else_is_not_opened(text):
    assert opened(text) is None


def test_what_was_changed_is_not_opened():
    assert opened(sealed([Thought(text="Hm.")])[:-6]) is None


def test_values_of_other_types_are_not_opened():
    [thought] = [Thought(text=["Hm."])]  # type: ignore[arg-type]
    assert opened(sealed([thought])) is None


def test_only_an_upstreams_own_reasoning_goes_to_it():
    body = {"model": "m", "input": [HELLO, OURS, THEIRS, HELLO]}
    sent, dropped = without_seals(body)
    assert sent["input"] == [HELLO, THEIRS, HELLO]
    assert dropped == ("input.1",)


def test_a_body_without_any_is_the_very_same():
    for given_input in ("Hello", [HELLO, THEIRS, "odd"], None):
        body = {"input": given_input}
        assert without_seals(body)[0] is body


def test_it_is_known_by_its_beginning():
    assert is_sealed(sealed([]))
    assert not is_sealed("gAAAAABo")


@pytest.mark.parametrize(
    ("origin", "kept"),
    [
        (Origin(reasoning_field="reasoning", model="m"), True),
        (Origin(reasoning_field="content", model="m"), True),
        (Origin(model="m"), False),
        (Origin(reasoning_field="role", model="m"), False),
        (Origin(reasoning_field="reasoning", model=7), False),  # type: ignore[arg-type]
    ],
)
def test_an_origin_is_one_of_the_known_fields(origin, kept):
    assert opened(sealed([Thought(text="Hm.")], None, origin)).origin == (
        origin if kept else UNKNOWN
    )


def test_seals_that_clients_keep_name_the_field_as_ever():
    kept = marked({"thoughts": [], "spelling": "reasoning", "model": "m"}, PREFIX)
    assert opened(kept).origin == Origin(reasoning_field="reasoning", model="m")

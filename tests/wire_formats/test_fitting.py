"""Names and ids that fit an alphabet and a length."""

import re

from hypothesis import given
from hypothesis import strategies as st

from wire_formats.fitting import aliases, digest_of, fitted


@given(st.text(max_size=90))
def test_every_text_becomes_one_that_fits(text):
    made = fitted(text, longest=64, digits=12)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", made)
    assert fitted(made, longest=64, digits=12) == made


def test_what_fits_stays_and_what_looks_alike_stays_apart():
    assert fitted("get_weather-2", longest=64, digits=12) == "get_weather-2"
    made = [fitted(text, longest=64, digits=12) for text in ("a.b", "a_b", "a/b")]
    assert len(set(made)) == 3
    assert made[0] == f"a_b_{digest_of('a.b', 12)}"


def test_a_digest_is_the_same_in_each_request():
    assert digest_of("a") == digest_of("a")
    assert (len(digest_of("a")), len(digest_of("\ud800", 9))) == (64, 9)


def test_only_names_that_change_have_an_alias():
    assert aliases(["A", "b"], str.lower) == {"a": "A"}

from hypothesis import given
from hypothesis import strategies as st

from accounts import keys


def test_generated_keys_are_well_formed_and_differ():
    made = {keys.generate() for _ in range(50)}

    assert len(made) == 50
    assert all(keys.is_well_formed(key) for key in made)


@given(position=st.integers(len(keys.PREFIX), keys.KEY_LENGTH - 1), letter=st.sampled_from("aZ0-"))
def test_one_wrong_character_is_noticed(position, letter):
    key = keys.generate()
    wrong = key[:position] + letter + key[position + 1 :]

    assert keys.is_well_formed(wrong) == (wrong == key)


@given(st.text(max_size=80))
def test_other_texts_are_not_well_formed(text):
    assert not keys.is_well_formed(text)


@given(st.text(alphabet=st.characters(min_codepoint=0x80), min_size=38, max_size=38))
def test_characters_beyond_ascii_are_refused_without_an_error(text):
    assert not keys.is_well_formed(keys.PREFIX + text)


def test_digest_depends_on_the_whole_key_and_on_the_pepper():
    key = keys.generate()

    assert len(keys.digest(key, b"a")) == 64
    assert keys.digest(key, b"a") != keys.digest(key, b"b")
    assert keys.digest(key, b"a") != keys.digest(key[:-1] + "_", b"a")


def test_hint_shows_the_last_four_characters_alone():
    key = keys.generate()

    assert keys.hint(key) == f"sk-gw-…{key[-4:]}"


def test_keys_are_censored_wherever_they_stand() -> None:
    key = keys.generate()
    assert keys.censored(f"model/{key}-x") == "model/sk-gw-…-x"
    assert keys.censored("gpt-4o") == "gpt-4o"

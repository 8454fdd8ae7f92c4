import pytest

from wire_formats.token_counts import Tokens, read_messages_usage, read_usage


@pytest.mark.parametrize("name", ["cache_write_tokens", "cache_creation_tokens"])
def test_what_is_written_to_a_cache_is_part_of_the_prompt(name):
    tokens = Tokens()
    details = {"cached_tokens": 3, name: 5}
    read_usage({"prompt_tokens": 10, "prompt_tokens_details": details}, tokens)
    assert tokens == Tokens(prompt=10, cached=3, cache_write=5)


@pytest.mark.parametrize(("cached", "fresh"), [({}, 9), ({"audio_tokens": 3}, 6)])
def test_sound_from_the_cache_is_not_counted_as_sound(cached, fresh):
    tokens = Tokens()
    details = {"audio_tokens": 9, "cached_tokens": 4, "cached_tokens_details": cached}
    read_usage({"input_tokens": 10, "input_token_details": details}, tokens)
    assert tokens == Tokens(prompt=10, cached=4, audio_prompt=fresh)


def test_anthropic_counts_its_cache_beside_the_input():
    tokens = Tokens()
    said = {"cache_read_input_tokens": 3, "cache_creation_input_tokens": 5, "output_tokens": 1}
    read_messages_usage({"input_tokens": 2} | said, tokens)
    assert tokens == Tokens(prompt=10, cached=3, cache_write=5, completion=1)


def test_the_end_of_a_stream_may_repeat_the_input_alone():
    tokens = Tokens()
    begin = {"input_tokens": 2, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 5}
    read_messages_usage(begin, tokens)
    read_messages_usage({"input_tokens": 2, "output_tokens": 7}, tokens)
    assert tokens == Tokens(prompt=10, cached=3, cache_write=5, completion=7)


@pytest.mark.parametrize("count", [None, -1, True, "5", 1.5])
def test_what_is_no_count_is_not_counted(count):
    tokens = Tokens(cache_write=1)
    read_messages_usage({"cache_creation_input_tokens": count, "input_tokens": count}, tokens)
    assert tokens == Tokens(cache_write=1)

import pytest

from proxy.upstream_usage import read_anthropic_usage, read_usage
from usage.exchange import Tokens


@pytest.mark.parametrize("name", ["cache_write_tokens", "cache_creation_tokens"])
def test_what_is_written_to_a_cache_is_part_of_the_prompt(name):
    tokens = Tokens()
    details = {"cached_tokens": 3, name: 5}
    read_usage({"prompt_tokens": 10, "prompt_tokens_details": details}, tokens)
    assert tokens == Tokens(prompt=10, cached=3, cache_write=5)


def test_anthropic_counts_its_cache_beside_the_input():
    tokens = Tokens()
    said = {"cache_read_input_tokens": 3, "cache_creation_input_tokens": 5, "output_tokens": 1}
    read_anthropic_usage({"input_tokens": 2} | said, tokens)
    assert tokens == Tokens(prompt=10, cached=3, cache_write=5, completion=1)


def test_the_end_of_a_stream_may_repeat_the_input_alone():
    tokens = Tokens()
    begin = {"input_tokens": 2, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 5}
    read_anthropic_usage(begin, tokens)
    read_anthropic_usage({"input_tokens": 2, "output_tokens": 7}, tokens)
    assert tokens == Tokens(prompt=10, cached=3, cache_write=5, completion=7)


@pytest.mark.parametrize("count", [None, -1, True, "5", 1.5])
def test_what_is_no_count_is_not_counted(count):
    tokens = Tokens(cache_write=1)
    read_anthropic_usage({"cache_creation_input_tokens": count, "input_tokens": count}, tokens)
    assert tokens == Tokens(cache_write=1)

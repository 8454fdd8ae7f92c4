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


@pytest.mark.parametrize("name", ["cached_tokens", "prompt_cache_hit_tokens"])
@pytest.mark.parametrize("details", [{}, {"prompt_tokens_details": None}])
def test_kimi_and_deepseek_count_their_cache_beside_the_details(name, details):
    tokens = Tokens()
    read_usage({"prompt_tokens": 10, name: 4} | details, tokens)
    assert tokens == Tokens(prompt=10, cached=4)


def test_the_details_of_a_cache_come_first():
    tokens = Tokens()
    usage = {"prompt_tokens": 10, "cached_tokens": 4}
    read_usage(usage | {"prompt_tokens_details": {"cached_tokens": 5}}, tokens)
    assert tokens.cached == 5


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"total_tokens": 40}, (27, 20)),  # Gemini
        ({"total_tokens": 40, "completion_tokens_details": {"reasoning_tokens": 20}}, (27, 20)),
        ({"total_tokens": 20}, (7, None)),
        ({"total_tokens": 20, "completion_tokens_details": {"reasoning_tokens": 5}}, (7, 5)),
        ({"total_tokens": 23, "prompt_cache_hit_tokens": 3}, (7, None)),
        ({"total_tokens": 25, "prompt_tokens_details": {"cached_tokens": 12}}, (12, 5)),
        ({"total_tokens": 0}, (7, None)),
        ({"total_tokens": "x"}, (7, None)),
    ],
)
def test_thinking_may_be_told_in_the_total_alone(usage, counted):
    tokens = Tokens()
    for _ in range(2):  # as streams repeat it
        read_usage({"prompt_tokens": 13, "completion_tokens": 7} | usage, tokens)
    assert (tokens.completion, tokens.reasoning) == counted


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

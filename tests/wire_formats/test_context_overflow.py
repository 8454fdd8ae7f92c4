"""A context that is too long, in every provider's words."""

import re

import pytest

from wire_formats.context_overflow import CODE, NUMBERS, WORDINGS, is_overflow, overflow_in

WORDS = {
    "prompt is too long: 201234 tokens > 200000 maximum": (201234, 0, 200000),
    "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input "
    "length or `max_tokens` and try again": (188240, 21333, 200000),
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 8545 "
    "tokens. Please reduce the length of the messages.": (8545, 0, 8192),
    "This model's maximum context length is 8191 tokens, however you requested 10346 tokens (10341 "
    "in your prompt; 5 for the completion). Please reduce your prompt; or completion length.": (
        10341,
        5,
        8191,
    ),
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 8545 "
    "tokens (8400 in the messages, 145 in the functions).": (8545, 0, 8192),
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 "
    "in the messages, 100 in the completion).": (4900, 100, 4096),
    "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context "
    "length is 4096 tokens and your request has 2104 input tokens (2000 > 4096 - 2104).": (
        2104,
        2000,
        4096,
    ),
    "You passed 5000 input tokens and requested 100 output tokens. However, the model's context "
    "length is only 4096 tokens, resulting in a maximum input length of 3996 tokens. Please reduce "
    "the length of the input prompt.": (5000, 100, 4096),
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.": (
        5000,
        0,
        4096,
    ),
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).": (
        5000,
        0,
        4096,
    ),
    "Requested token count exceeds the model's maximum context length of 4096 tokens. You "
    "requested a total of 5000 tokens: 4000 tokens from the input messages and 1000 tokens for the "
    "completion.": (4000, 1000, 4096),
    "This endpoint's maximum context length is 163840 tokens. However, you requested about 200000 "
    "tokens (190000 of text input, 10000 in the output).": (190000, 10000, 163840),
    "Your input exceeds the context window of this model. Please adjust your input and try "
    "again.": (0, 0, 0),
    "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 "
    "tokens.": (300000, 0, 272000),
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).": (
        1200000,
        0,
        1048576,
    ),
    "The input token count exceeds the maximum number of tokens allowed (1048576).": (
        0,
        0,
        1048576,
    ),
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.": (
        537812,
        0,
        131072,
    ),
    "Please reduce the length of the messages or completion.": (0, 0, 0),
    "Please reduce the length of the messages or completion. Current length is 9000 while limit is "
    "8192": (9000, 0, 8192),
    "prompt token count of 70000 exceeds the limit of 64000": (70000, 0, 64000),
    "the request exceeds the available context size, try increasing it": (0, 0, 0),
    "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it": (
        5000,
        0,
        4096,
    ),
    "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded "
    "with context length of only 4096 tokens": (5000, 0, 4096),
    "The number of tokens to keep from the initial prompt is greater than the context length": (
        0,
        0,
        0,
    ),
    "invalid params, context window exceeds limit (2013)": (0, 0, 0),
    "Invalid request: Your request exceeded model token limit: 131072": (0, 0, 131072),
    "Prompt contains 40000 tokens, too large for model with 32768 maximum context length": (
        40000,
        0,
        32768,
    ),
    "prompt too long; exceeded max context length by 12 tokens": (0, 0, 0),
    "the input length exceeds the context length": (0, 0, 0),
    "Input is too long for requested model.": (0, 0, 0),
    "too many tokens: total number of tokens (prompt and prediction) cannot exceed 4096 - received "
    "5000": (5000, 0, 4096),
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 "
    "`inputs` tokens and 20 `max_new_tokens`": (5000, 20, 4096),
    "Range of input length should be [1, 30720]": (0, 0, 0),
    "litellm.ContextWindowExceededError: context window exceeded": (0, 0, 0),
}
OTHERS = (
    "max_tokens: 50000 > 8192, which is the maximum allowed number of output tokens",
    "max_tokens is too large: 50000. This model supports at most 16384 completion tokens.",
    "Rate limit reached: reduce the length of the messages.",
    "Too many tokens, please wait before trying again.",
    "messages: array too long. Expected an array with maximum length 2048.",
    "The image is too large.",
    "",
)


@pytest.mark.parametrize(("words", "numbers"), WORDS.items())
def test_it_is_found_with_its_numbers(words, numbers):
    overflow = overflow_in(words)
    assert is_overflow(words)
    assert overflow is not None
    assert (overflow.prompt, overflow.completion, overflow.most) == numbers


@pytest.mark.parametrize("words", WORDS)
def test_each_apis_own_words_can_be_read_again(words):
    overflow = overflow_in(words)
    for told in (overflow.in_openais_words(words), overflow.in_anthropics_words(words)):
        again = overflow_in(told)
        assert again is not None
        if overflow.prompt and overflow.most:
            assert again == overflow or "prompt is too long" in told


@pytest.mark.parametrize("words", OTHERS)
def test_other_errors_are_left_alone(words):
    assert overflow_in(words) is None
    assert not is_overflow(words)


def test_openais_own_words_stay_as_they_are():
    told = next(words for words in WORDS if "in the functions" in words)
    assert overflow_in(told).in_openais_words(told) == told


def test_its_code_is_enough():
    assert overflow_in("No.", CODE) is not None
    assert overflow_in("No.", "other", "exceed_context_size_error") is not None


def test_a_prompt_that_leaves_no_room_for_an_answer_is_told_as_that():
    overflow = overflow_in(
        "This model's maximum context length is 100 tokens. However, you requested 110 tokens (90 "
        "in the messages, 20 in the completion)."
    )
    told = overflow.in_anthropics_words("")
    assert told.startswith("input length and `max_tokens` exceed context limit: 90 + 20 > 100")


def test_words_without_numbers_are_kept_behind_those_that_clients_know():
    overflow = overflow_in("Range of input length should be [1, 30720]")
    told = "Your input exceeds the context window of this model. Range …"
    assert overflow.in_openais_words("Range …") == told
    assert overflow.in_anthropics_words("Range …") == "prompt is too long: Range …"


@pytest.mark.parametrize("between", ["x" * 200, "5 in the messages, " * 50])
def test_numbers_that_are_far_apart_do_not_belong_together(between):
    words = (
        f"The maximum context length is 100 tokens. {between} 7 in the messages, 8 in the output"
    )
    assert overflow_in(words).completion == 0


def test_numbers_far_behind_are_not_searched_for():
    words = "Your input exceeds the context window. " + "x" * 1000
    assert overflow_in(f"{words} prompt is too long: 9 tokens > 8 maximum").prompt == 0


def test_no_search_goes_on_to_the_end_of_a_message_for_each_of_its_words():
    unbounded = re.compile(r"(?<!\\)[.wWsS)\]](?:[*+]|\{\d+,\})")
    patterns = [*WORDINGS, *(each.pattern for each in NUMBERS)]
    assert [each for each in patterns if unbounded.search(each)] == []

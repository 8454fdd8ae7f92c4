import pytest

from tests.usage.records import a_record
from usage.estimation import counted
from usage.models import TokensFrom


def estimate(**fields):
    nothing = {"prompt_tokens": None, "completion_tokens": None}
    record, tokens_from = counted(a_record(**(nothing | fields)))
    return record.prompt_tokens, record.completion_tokens, tokens_from


def test_what_the_upstream_counted_counts():
    assert estimate(prompt_tokens=3, completion_tokens=4) == (3, 4, TokensFrom.UPSTREAM)


def test_a_stream_that_broke_off_has_a_token_for_each_chunk():
    found = estimate(is_streamed=True, chunks=7, bytes_received=400)
    assert found == (100, 7, TokensFrom.ESTIMATED)


def test_a_stream_that_told_of_its_input_alone_is_estimated_for_the_rest():
    found = estimate(is_streamed=True, chunks=7, bytes_received=400, prompt_tokens=90)
    assert found == (90, 7, TokensFrom.ESTIMATED)


def test_a_whole_answer_that_tells_of_its_input_alone_is_left_alone():
    assert estimate(prompt_tokens=90, bytes_sent=500) == (90, None, TokensFrom.UPSTREAM)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": 499},
        {"status": 502},
        {"connection": ""},
        {"endpoint": "images/generations"},
        {"bytes_received": 10**6},
        {"audio_seconds": 3.0},
        {"characters": 5},
    ],
)
def test_what_says_nothing_about_tokens_is_not_estimated(fields):
    assert estimate(**fields) == (None, None, TokensFrom.NONE)


def test_a_large_request_counts_as_what_its_limits_expected():
    """Else a client could leave just before the end, and have had the answer for nothing."""
    large = {"bytes_received": 10**6, "is_streamed": True, "chunks": 7}
    found = estimate(**large, expected_prompt_tokens=900)
    assert found == (900, 7, TokensFrom.ESTIMATED)

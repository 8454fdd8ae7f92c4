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


@pytest.mark.parametrize(("received", "seconds"), [(16_000, 60.0), (1_600_000, 100.0)])
def test_sound_counts_as_its_limits_expected_where_the_answer_tells_no_length(received, seconds):
    """Else a client could ask for plain text, or send a form of an unknown length."""
    record = a_record(
        endpoint="audio/transcriptions",
        prompt_tokens=None,
        completion_tokens=None,
        bytes_received=received,
        expected_audio_seconds=60.0,
    )
    found, tokens_from = counted(record)
    assert (found.audio_seconds, tokens_from) == (seconds, TokensFrom.ESTIMATED)


def test_sound_that_was_told_or_failed_is_not_estimated():
    nothing = {"prompt_tokens": None, "completion_tokens": None, "expected_audio_seconds": 60.0}
    told, _ = counted(a_record(**nothing, audio_seconds=3.0))
    assert told.audio_seconds == 3.0
    failed, _ = counted(a_record(**nothing, status=502))
    assert failed.audio_seconds is None


def test_sound_counts_also_where_tokens_alone_are_told():
    found, tokens_from = counted(
        a_record(prompt_tokens=5, completion_tokens=1, bytes_received=9, expected_audio_seconds=4.0)
    )
    assert (found.audio_seconds, tokens_from) == (4.0, TokensFrom.UPSTREAM)

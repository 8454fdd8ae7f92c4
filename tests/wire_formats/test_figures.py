"""Figures that upstreams tell, and what is believed of them."""

import math

import pytest

from wire_formats.figures import MOST, told_count, told_seconds
from wire_formats.messages.answer_to_chat.answer import usage_of
from wire_formats.ollama.answer_to_chat import ChatTranslation, EmbeddingTranslation
from wire_formats.responses.answer_to_chat.answer import ResponseTranslation
from wire_formats.token_counts import Tokens, chat_usage, read_usage

NO_COUNTS = [None, True, False, "5", 1.5, 1e20, -1, MOST + 1, 2**63, 10**20, 10**400, [], {}]
NO_SECONDS = [None, True, "5", -0.1, math.nan, math.inf, -math.inf, MOST + 1, 10**400, 1e300]


@pytest.mark.parametrize("value", NO_COUNTS)
def test_what_is_no_count_is_not_told(value):
    assert told_count(value) is None


@pytest.mark.parametrize("value", [0, 1, MOST])
def test_a_count_is_told(value):
    assert told_count(value) == value


@pytest.mark.parametrize("value", NO_SECONDS)
def test_what_is_no_length_is_not_told(value):
    assert told_seconds(value) is None


@pytest.mark.parametrize("value", [0, 2.5, MOST])
def test_a_length_is_told(value):
    assert told_seconds(value) == value


def test_a_sum_of_figures_fits_into_64_bits_for_nine_billion_requests():
    assert MOST * 9 * 10**9 < 2**63


def test_the_log_says_so_at_most_once_in_a_while_and_not_at_length(caplog):
    for _ in range(3):
        told_count(10**5000)
    assert len(caplog.records) <= 1  # an earlier test may have been the one that is told of
    assert len(caplog.text) < 300


def usage_read(**usage):
    tokens = Tokens()
    read_usage(usage, tokens)
    return chat_usage(tokens)


def test_a_translated_answer_has_no_usage_that_cannot_be_true():
    assert usage_read(prompt_tokens=10**20, completion_tokens=5) is None
    assert usage_read(prompt_tokens=5, completion_tokens=-1) is None
    assert usage_read() is None
    details = {"cached_tokens": 10**20, "cache_write_tokens": "x"}
    told = usage_read(
        input_tokens=5,
        output_tokens=6,
        input_tokens_details=details,
        output_tokens_details={"reasoning_tokens": math.inf},
    )
    assert told == {
        "prompt_tokens": 5,
        "completion_tokens": 6,
        "total_tokens": 11,
        "prompt_tokens_details": {"cached_tokens": 0},
    }


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": 10**20, "output_tokens": 1},
        {"input_tokens": "9", "output_tokens": 1},
        {"input_tokens": 1, "output_tokens": 10**20},
        {"input_tokens": MOST, "output_tokens": 1, "cache_read_input_tokens": MOST},
    ],
)
def test_anthropics_sum_is_no_larger_either(usage):
    assert usage_of(usage) is None


def a_line(**fields):
    message = {"role": "assistant", "content": "Hi"}
    return {"model": "llama3", "message": message, "done": True} | fields


@pytest.mark.parametrize("name", ["prompt_eval_count", "eval_count"])
def test_ollamas_stream_ends_without_a_usage_that_cannot_be_true(name):
    events = list(ChatTranslation("req_1").event(a_line(**{name: 10**20})))
    assert [event for event in events if not event["choices"]] == []
    assert events[-1]["choices"][0]["finish_reason"] == "stop"
    assert ChatTranslation("req_1").answer(a_line(**{name: 10**20}))["usage"] is None


def test_ollamas_embeddings_are_counted_only_by_counts():
    answer = {"model": "e", "embeddings": [], "prompt_eval_count": 10**20}
    told = EmbeddingTranslation(is_base64=False).answer(answer)
    assert told["usage"] == {"prompt_tokens": 0, "total_tokens": 0}


def test_responses_are_counted_only_by_counts():
    response = {
        "id": "resp_1",
        "model": "gpt-5",
        "created_at": 1,
        "status": "completed",
        "output": [],
        "usage": {"input_tokens": 10**20, "output_tokens": 1},
    }
    assert ResponseTranslation().answer(response)["usage"] is None
    ended = list(ResponseTranslation().event({"type": "response.completed", "response": response}))
    assert not any("usage" in chunk for chunk in ended)

from __future__ import annotations

import pytest

from resilience.outcomes import Kind
from usage.attempts import Attempt, attempt_lines, attempt_log, words_of
from wire_formats.token_counts import Tokens


def limited(**fields: object) -> Attempt:
    attempt = Attempt("azure-eu", "gpt4o-eu", "…a1b2", 429, "", 120, "429 → other key")
    attempt.kind = Kind.RATE_LIMITED
    for name, value in fields.items():
        setattr(attempt, name, value)
    return attempt


def served() -> Attempt:
    return Attempt("openai", "gpt-4o", "env:OPENAI_API_KEY", 200, "", 1800, kind=Kind.SUCCESS)


def test_one_attempt_that_succeeded_leaves_no_log():
    assert attempt_log([]) == []
    assert attempt_log([served()]) == []


def test_all_attempts_are_told_if_the_first_did_not_succeed():
    assert [attempt["outcome"] for attempt in attempt_log([limited(), served()])] == [
        "rate_limited",
        "success",
    ]
    assert len(attempt_log([limited()])) == 1


def test_an_attempt_is_told_in_a_line():
    assert attempt_lines(attempt_log([limited(), served()])) == [
        "azure-eu …a1b2 429 120 ms → other key",
        "openai env:OPENAI_API_KEY 200 1,800 ms",
    ]


def test_the_providers_own_word_is_told():
    [line] = attempt_lines([limited(code="insufficient_quota").facts()])
    assert line == "azure-eu …a1b2 429 insufficient_quota 120 ms → other key"


def test_without_a_response_the_outcome_is_told():
    [line] = attempt_lines(
        [limited(status=0, kind=Kind.NOT_SENT, why="not sent → other target").facts()]
    )
    assert line == "azure-eu …a1b2 not sent 120 ms → other target"


@pytest.mark.parametrize("kind", [Kind.FAILED, Kind.STOPPED])
def test_a_failure_that_may_have_been_billed_is_marked(kind):
    facts = limited(status=500, kind=kind, why="").facts()
    assert facts["may_be_billed"]
    assert attempt_lines([facts]) == ["azure-eu …a1b2 500 120 ms (may have been billed)"]


def test_a_failure_that_told_its_use_is_not_marked():
    facts = limited(kind=Kind.FAILED, tokens=Tokens(prompt=9, completion=0)).facts()
    assert facts["tokens"] == {"prompt": 9, "completion": 0}
    assert "may_be_billed" not in facts


def test_an_attempt_that_nothing_ended_counts_as_stopped():
    assert Attempt("one", "gpt-4o").facts()["outcome"] == "stopped"


def test_words_of_upstreams_are_cut_and_hold_nothing_that_a_terminal_obeys():
    facts = limited(code="\x1b[2J\0" + "x" * 1000, model="gpt\ud800").facts()
    assert facts["code"] == "?[2J?" + "x" * 59
    assert facts["model"] == "gpt?"


def test_a_log_of_another_version_is_told_as_far_as_it_is_known():
    assert attempt_lines([{"connection": "one", "colour": "red"}]) == ["one 0 ms"]


def test_words_of_the_upstream_are_told_beside_the_lines():
    log = attempt_log([limited(error_text="Slow\n down."), served()])
    assert words_of(log) == ["Slow down.", ""]
    assert words_of([{}]) == [""]
    assert "Slow" not in attempt_lines(log)[0]


def test_an_attempt_says_how_long_after_the_request_it_began():
    first, second = limited(started=100.0), limited(started=100.25)
    log = attempt_log([first, second, served()], 99.9)
    assert [attempt.get("started_ms") for attempt in log] == [100, 350, None]

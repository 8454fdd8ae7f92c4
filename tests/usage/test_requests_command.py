"""The command ``requests``."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from tests.usage.records import a_log, a_record
from usage.storing import store

NOW = datetime.now(UTC).timestamp()


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("requests", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def ids(*arguments: str) -> list[str]:
    return [row["request_id"] for row in json.loads(run("--json", *arguments))["requests"]]


@pytest.fixture
def recorded(db: None) -> None:
    store(
        [
            a_record(request_id="req_1", accepted_at=NOW - 3 * 24 * 3600),
            a_record(request_id="req_2", accepted_at=NOW - 60, model="openai/o3"),
            a_record(
                request_id="req_3",
                accepted_at=NOW - 30,
                username="bob",
                status=502,
                error_code="upstream_down",
                client_request_id="of-bob",
            ),
        ]
    )


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), ["req_2", "req_3"]),
        (("--since", "1w"), ["req_1", "req_2", "req_3"]),
        (("--failed",), ["req_3"]),
        (("--user", "bob"), ["req_3"]),
        (("--model", "openai/*"), ["req_2"]),
        (("--model", "openai/o3"), ["req_2"]),
        (("--model", "*.3"), []),
        (("--limit", "1"), ["req_3"]),
    ],
)
def test_requests_are_chosen(recorded: None, options: tuple[str, ...], found: list[str]) -> None:
    assert ids(*options) == found


def test_lines_are_for_people(recorded: None) -> None:
    head, *lines = run().splitlines()
    assert head.split()[:3] == ["time", "status", "took"]
    assert [line.split()[-1] for line in lines] == ["req_2", "req_3"]
    assert "502 upstream_down" in lines[1]


def test_nothing_found_is_said(db: None) -> None:
    assert "--since looks further back" in run()


@pytest.mark.parametrize("text", ["req_3", "of-bob"])
def test_one_is_shown_with_a_verdict(recorded: None, text: str) -> None:
    assert run("show", text).startswith("It failed with 502 upstream_down after ")
    assert json.loads(run("show", text, "--json"))["request_id"] == "req_3"


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "req_"),
        ("show", "nothing"),
        ("show",),
        ("list",),
        ("--since", "soon"),
        ("--limit", "0"),
    ],
)
def test_what_makes_no_sense_is_refused(recorded: None, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as caught:
        run(*arguments)
    assert caught.value.returncode == 2


def test_ids_of_others_do_nothing_to_the_terminal(db: None) -> None:
    store(
        [a_record(request_id="req_1", client_request_id="a\x9b2Jb", upstream_request_id="c\x1b[2J")]
    )
    told = run("show", "req_1")
    assert "a�2Jb" in told
    assert "c�[2J" in told


def test_the_attempts_of_a_request_are_told(db: None) -> None:
    store([a_record(request_id="req_1", accepted_at=NOW, attempts=3, attempt_log=a_log())])
    told = run("show", "req_1").splitlines()
    assert told[1] == "  azure-eu …a1b2 429 120 ms → other key"
    assert told[2] == "  azure-us …c3d4 500 80 ms (may have been billed) → other target"
    assert told[3] == "  openai …e5f6 200 900 ms"
    log = json.loads(run("show", "req_1", "--json"))["attempt_log"]
    assert [one["in_words"] for one in log] == [line.strip() for line in told[1:4]]
    assert (log[0]["key"], log[0]["outcome"]) == ("…a1b2", "rate_limited")
    assert " in 3 attempts" in run()


def test_one_attempt_that_succeeded_is_not_told_at_length(recorded: None) -> None:
    assert json.loads(run("show", "req_2", "--json"))["attempt_log"] == []
    assert "attempt_log" not in run("show", "req_2")


def test_the_upstreams_words_are_shown(db: None) -> None:
    log = a_log(error_text="The engine is \x1b[31mon fire.")
    store([a_record(request_id="req_1", accepted_at=NOW, attempt_log=log)])
    shown = run("show", "req_1")
    assert "“The engine is ?[31mon fire.”" in shown
    assert json.loads(run("show", "req_1", "--json"))["attempt_log"][1]["error_text"]

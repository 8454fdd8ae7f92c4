"""What keys, targets and the record learn of an attempt."""

from __future__ import annotations

import pytest

from connections.choices import AuthType
from models_registry.targets import Target
from proxy.answering.dispatched import Dispatched, Whole
from proxy.answering.settling import settle_answer, settle_failure, settle_next, settle_success
from resilience.outcomes import Kind, Outcome
from resilience.policy import DEFAULT
from resilience.states import states
from resilience.verdict import verdict
from tests.support.builders import a_response, a_target, an_exchange, an_upstream
from usage.attempts import Attempt
from usage.exchange import Exchange
from usage.in_flight import in_flight
from wire_formats.token_counts import Tokens

SLOW_DOWN = Outcome(kind=Kind.RATE_LIMITED, status=429, retry_after=9.0)


def attempt(**fields: object) -> Attempt:
    return Attempt("one", "gpt-4o", **fields)  # type: ignore[arg-type]


def failed(target: Target, outcome: Outcome) -> None:
    states.of(target.key).begin()
    keys = target.connection.upstream.keys
    key = keys[0] if target.connection.keys is not None else None
    settle_failure(target, key, outcome, verdict(outcome, DEFAULT))


def rests(target: Target) -> list[tuple[str, str | None]]:
    """The states of the target's keys, and for which model each has it."""
    return [(str(report.state), report.model) for report in target.connection.keys.reports()]


def test_a_limit_rests_the_key_for_its_model_and_not_the_target() -> None:
    target = a_target()
    failed(target, SLOW_DOWN)
    assert rests(target) == [("cooling", "gpt-4o")]
    assert states.of(target.key).available_at == 0.0


def test_a_refused_key_is_dead_for_every_model() -> None:
    target = a_target()
    failed(target, Outcome(kind=Kind.KEY_REFUSED, status=401))
    assert rests(target) == [("dead", None)]


def test_overload_rests_the_target() -> None:
    target = a_target()
    failed(target, Outcome(kind=Kind.OVERLOADED, status=503, retry_after=5.0))
    assert rests(target) == [("ok", None)]
    assert states.of(target.key).available_at > 0.0


def test_a_target_without_keys_rests_itself() -> None:
    target = a_target(an_upstream(auth_type=AuthType.NONE, secrets=()))
    failed(target, SLOW_DOWN)
    assert states.of(target.key).available_at > 0.0


def test_the_limit_of_one_caller_is_not_that_of_others() -> None:
    target = a_target(an_upstream(auth_type=AuthType.SESSION, secrets=()))
    failed(target, SLOW_DOWN)
    assert states.of(target.key).available_at == 0.0


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.STOPPED, Kind.CANNOT_BE_ASKED])
def test_what_is_no_failure_of_the_target_leaves_it_alone(kind: Kind) -> None:
    target = a_target()
    failed(target, Outcome(kind=kind))
    state = states.of(target.key)
    assert (state.in_flight, state.last_failed_at, state.available_at) == (0, 0.0, 0.0)


def succeeded(exchange: Exchange, *, whole: Whole | None = None, has_broken: bool = False):
    target, response, made = a_target(), a_response(), attempt(kind=Kind.SUCCESS)
    response.has_broken = has_broken
    dispatched = Dispatched(target=target, response=response, whole=whole)
    state = states.of(target.key)
    state.begin()
    settle_success(dispatched, None, state, exchange, 0.5, made)
    return state, made


def test_a_whole_answer_frees_its_target_at_once() -> None:
    state, _ = succeeded(an_exchange(), whole=Whole(body=b"{}", answer={}))
    assert state.in_flight == 0


@pytest.mark.parametrize("has_broken", [False, True])
def test_a_stream_frees_its_target_when_it_ends(has_broken: bool) -> None:
    exchange = an_exchange()
    in_flight.open(exchange)
    state, made = succeeded(exchange, has_broken=has_broken)
    assert state.in_flight == 1
    in_flight.close(exchange)
    assert state.in_flight == 0
    assert bool(state.last_failed_at) is has_broken
    assert made.kind is (Kind.BROKEN if has_broken else Kind.SUCCESS)


def test_a_key_that_was_taken_is_well() -> None:
    target = a_target()
    [key] = target.connection.upstream.keys
    failed(target, Outcome(kind=Kind.KEY_REFUSED))
    assert target.connection.keys.last_resort(target.model) == key
    state = states.of(target.key)
    state.begin()
    dispatched = Dispatched(target=target, response=a_response())
    settle_success(dispatched, key, state, an_exchange(), 0.5, attempt())
    assert rests(target) == [("ok", None)]


def test_the_use_of_a_failure_that_is_passed_on_is_the_exchanges() -> None:
    told = attempt(kind=Kind.FAILED, tokens=Tokens(prompt=1))
    settle_answer(told)
    assert (told.tokens, told.kind, told.may_be_billed) == (None, Kind.BROKEN, False)
    untold = attempt(kind=Kind.FAILED)
    settle_answer(untold)
    assert untold.may_be_billed


def test_the_record_says_why_another_attempt_follows() -> None:
    attempts = [attempt(status=429), attempt(kind=Kind.NOT_SENT)]
    settle_next(attempts[:1], "other key")
    settle_next(attempts, "again")
    settle_next([], "nothing")
    assert [each.why for each in attempts] == ["429 → other key", "not sent → again"]

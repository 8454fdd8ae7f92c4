import pytest

from resilience.outcomes import CLEAN, Kind, Outcome
from resilience.policy import Ambiguous, Policy
from resilience.verdict import Cooldown, Next, Scope, Signal, Verdict, verdict

POLICY = Policy()
ABOUT_THE_REQUEST = [Kind.REFUSED, Kind.TOO_LONG, Kind.FILTERED]
FAILURES = [Kind.NOT_SENT, Kind.OVERLOADED, Kind.FAILED, Kind.BROKEN]


def of(kind: Kind, retry_after: float | None = None, policy: Policy = POLICY) -> Verdict:
    return verdict(Outcome(kind=kind, retry_after=retry_after), policy)


@pytest.mark.parametrize(
    ("kind", "follows"),
    [
        (Kind.NOT_SENT, Next.OTHER_TARGET_OR_AGAIN),
        (Kind.CANNOT_BE_ASKED, Next.OTHER_TARGET),
        (Kind.LED_BACK, Next.OTHER_TARGET),
        (Kind.KEY_REFUSED, Next.OTHER_KEY),
        (Kind.OUT_OF_QUOTA, Next.OTHER_KEY),
        (Kind.RATE_LIMITED, Next.OTHER_KEY_OR_WAIT),
        (Kind.OVERLOADED, Next.OTHER_TARGET_OR_AGAIN),
        (Kind.FAILED, Next.STOP),
        (Kind.REFUSED, Next.STOP),
        (Kind.TOO_LONG, Next.CONTEXT_FALLBACK),
        (Kind.FILTERED, Next.CONTENT_FALLBACK),
        (Kind.MODEL_UNKNOWN, Next.OTHER_TARGET),
        (Kind.BROKEN, Next.STOP),
        (Kind.STOPPED, Next.STOP),
        (Kind.SUCCESS, Next.STOP),
    ],
)
def test_each_outcome_has_what_follows(kind, follows):
    assert of(kind).next is follows


@pytest.mark.parametrize("kind", Kind)
def test_every_outcome_has_a_verdict(kind):
    assert isinstance(of(kind), Verdict)


@pytest.mark.parametrize("kind", Kind)
def test_a_breaker_counts_only_failures_of_the_upstream(kind):
    expected = Signal.FAILURE if kind in FAILURES else Signal.NOTHING
    assert of(kind).signal is (Signal.SUCCESS if kind is Kind.SUCCESS else expected)


def test_a_refused_key_is_dead_until_its_row_changes():
    assert of(Kind.KEY_REFUSED).cooldown == Cooldown(scope=Scope.KEY, seconds=None)


def test_a_key_without_quota_rests_for_15_minutes_whatever_else_is_said():
    expected = Cooldown(scope=Scope.KEY, seconds=900)
    assert of(Kind.OUT_OF_QUOTA).cooldown == expected
    assert of(Kind.OUT_OF_QUOTA, retry_after=1.0).cooldown == expected


def test_a_limited_key_rests_for_the_model_as_long_as_was_asked():
    cooldown = of(Kind.RATE_LIMITED, retry_after=30.0).cooldown
    assert cooldown == Cooldown(scope=Scope.KEY_AND_MODEL, seconds=30.0)


def test_a_limit_without_any_header_cools_too_and_longer_each_time():
    cooldown = of(Kind.RATE_LIMITED).cooldown
    assert cooldown == Cooldown(scope=Scope.KEY_AND_MODEL, seconds=5.0, doubles=True)


def test_an_overloaded_target_rests_as_long_as_was_asked_or_two_seconds():
    assert of(Kind.OVERLOADED).cooldown == Cooldown(scope=Scope.TARGET, seconds=2.0)
    assert of(Kind.OVERLOADED, 17.0).cooldown == Cooldown(scope=Scope.TARGET, seconds=17.0)


def test_a_target_without_the_model_rests_for_a_minute():
    assert of(Kind.MODEL_UNKNOWN).cooldown == Cooldown(scope=Scope.TARGET, seconds=60.0)


@pytest.mark.parametrize("kind", [*ABOUT_THE_REQUEST, Kind.BROKEN, Kind.STOPPED, Kind.FAILED])
def test_nothing_else_cools(kind):
    assert of(kind, retry_after=30.0).cooldown is None


@pytest.mark.parametrize(
    ("ambiguous", "is_unbilled", "follows"),
    [
        (Ambiguous.NEVER, False, Next.STOP),
        (Ambiguous.NEVER, True, Next.STOP),
        (Ambiguous.UNBILLED, False, Next.STOP),
        (Ambiguous.UNBILLED, True, Next.OTHER_TARGET),
        (Ambiguous.ALWAYS, False, Next.OTHER_TARGET),
        (Ambiguous.ALWAYS, True, Next.OTHER_TARGET),
    ],
)
def test_what_may_have_been_billed_is_asked_again_only_where_that_is_allowed(
    ambiguous, is_unbilled, follows
):
    policy = Policy(ambiguous=ambiguous)
    found = verdict(Outcome(kind=Kind.FAILED), policy, is_unbilled=is_unbilled)
    assert found == Verdict(next=follows, signal=Signal.FAILURE)


@pytest.mark.parametrize("kind", sorted(CLEAN))
@pytest.mark.parametrize("ambiguous", Ambiguous)
def test_what_surely_generated_nothing_goes_on_under_every_policy(kind, ambiguous):
    follows = of(kind, policy=Policy(ambiguous=ambiguous)).next
    assert follows not in {Next.STOP, Next.CONTEXT_FALLBACK, Next.CONTENT_FALLBACK}


@pytest.mark.parametrize("ambiguous", [Ambiguous.NEVER, Ambiguous.ALWAYS])
def test_what_says_nothing_about_the_target_does_not_count_and_is_judged_alike(ambiguous):
    policy = Policy(ambiguous=ambiguous)
    found = verdict(Outcome(kind=Kind.FAILED, is_of_target=False), policy)
    assert found.signal is Signal.NOTHING
    assert found.next is verdict(Outcome(kind=Kind.FAILED), policy).next

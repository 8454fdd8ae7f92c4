import pytest

from proxy.answering.time_limit import TimeLimit, time_limit
from resilience.policy import DEFAULT, Policy

OF_REQUEST = TimeLimit(30.0, is_of_target=False)


@pytest.mark.parametrize("policy", [DEFAULT, Policy()], ids=["default", "equal"])
def test_the_default_policy_cuts_nothing(policy):
    assert time_limit(policy, left=30.0, is_streamed=True) is None


@pytest.mark.parametrize(
    ("seconds", "is_streamed", "limit"),
    [
        (None, True, OF_REQUEST),
        (20.0, False, OF_REQUEST),
        (20.0, True, TimeLimit(20.0, is_of_target=True)),
        (30.0, True, TimeLimit(30.0, is_of_target=True)),
        (40.0, True, OF_REQUEST),
    ],
)
def test_only_a_stream_without_content_speaks_against_its_target(seconds, is_streamed, limit):
    policy = Policy(deadline_seconds=50.0, first_content_timeout_seconds=seconds)
    assert time_limit(policy, left=30.0, is_streamed=is_streamed) == limit


def test_no_time_is_left_behind_the_deadline():
    limit = time_limit(Policy(max_attempts=2), left=-1.0, is_streamed=False)
    assert limit == TimeLimit(0.0, is_of_target=False)

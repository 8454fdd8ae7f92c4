"""How long an attempt may take to begin its answer."""

from __future__ import annotations

from typing import NamedTuple

from resilience.policy import DEFAULT, Policy


class TimeLimit(NamedTuple):
    """``is_of_target``: an attempt that is cut by it speaks against its target."""

    seconds: float
    is_of_target: bool


def time_limit(policy: Policy, *, left: float, is_streamed: bool) -> TimeLimit | None:
    """The limit for an attempt with ``left`` seconds until the deadline of its request.

    None leaves it to the connection's own timeouts. The deadline of the default policy keeps
    further attempts from being made, and does not cut one: where nothing else can follow, a late
    answer is better than none. A deadline that cuts speaks against no target, since a whole answer
    may just be long, and earlier attempts may have used the time up. A stream that shows nothing
    within ``first_content_timeout_seconds`` does.
    """
    if policy is DEFAULT or policy == DEFAULT:
        return None
    limit = policy.first_content_timeout_seconds
    if limit is None or not is_streamed or left < limit:
        return TimeLimit(max(left, 0.0), is_of_target=False)
    return TimeLimit(limit, is_of_target=True)

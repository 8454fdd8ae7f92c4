"""What a person may do for themselves, by the policies of their groups.

Of several groups of a person that have a policy, the most generous part of each holds: they may
make keys if one group lets them, with the largest number of keys and of days among the groups that
let them make keys, for all models that one of these covers. A policy without a group holds for
people none of whose groups has one; without it, ``DEFAULT`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from accounts.models import User
from infrastructure.patterns import matches
from portal.models import KeyPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """``longest`` is None where keys need not expire; no ``patterns``: all models of the person."""

    may_make_keys: bool = True
    most_keys: int = 5
    longest: timedelta | None = timedelta(days=90)
    patterns: tuple[str, ...] = ()
    may_make_managing_keys: bool = False
    shows_catalogue: bool = False

    def covers(self, pattern: str) -> bool:
        """Whether a key may be narrowed to ``pattern``."""
        return not self.patterns or is_within(pattern, self.patterns)


DEFAULT = Allowance()


def allowance_of(user: User) -> Allowance:
    """One query."""
    rows = KeyPolicy.objects.filter(Q(group__user=user) | Q(group__isnull=True)).order_by("pk")
    policies = list(rows.distinct())
    of_groups = [policy for policy in policies if policy.group_id is not None]
    return _most_generous(of_groups or policies)


def is_within(pattern: str, wider: Sequence[str]) -> bool:
    """Whether one of ``wider`` covers all that ``pattern`` covers.

    A star of ``pattern`` can only be covered by a star, which covers whatever it stands for.
    """
    return any(matches(each, pattern) for each in wider)


def _most_generous(policies: Sequence[KeyPolicy]) -> Allowance:
    if not policies:
        return DEFAULT
    shows_catalogue = any(policy.shows_catalogue for policy in policies)
    making = [policy for policy in policies if policy.may_make_keys]
    if not making:
        return Allowance(may_make_keys=False, shows_catalogue=shows_catalogue)
    days = [policy.longest_days for policy in making]
    known_days = [each for each in days if each is not None]
    is_endless = len(known_days) < len(days)
    is_narrowed = all(policy.model_patterns for policy in making)
    patterns = {pattern for policy in making for pattern in policy.model_patterns}
    return Allowance(
        most_keys=max(policy.most_keys for policy in making),
        longest=None if is_endless else timedelta(days=max(known_days)),
        patterns=tuple(sorted(patterns)) if is_narrowed else (),
        may_make_managing_keys=any(policy.may_make_managing_keys for policy in making),
        shows_catalogue=shows_catalogue,
    )

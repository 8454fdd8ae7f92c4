"""All limits at one moment, ready to be asked which of them hold for a request.

A book never changes; a new one replaces it whole, as a snapshot of the models does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from accounts.caller import Caller
from infrastructure.patterns import matches
from limits.choices import OF_UPSTREAMS, Metric, Share, SubjectKind
from limits.matches import OF_OUTPUT, Matched, Matches
from limits.rule import Rule

MOST_KNOWN = 10_000
Subject = tuple[SubjectKind, str]
Names = tuple[str, ...]


class Book:
    """``is_empty``: no caller has a limit. ``reads_models``: some limits are for some models alone.
    ``has_money``: some are of money. ``counts_output``: some depend on the length of outputs.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self._by_subject: defaultdict[Subject, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            self._by_subject[rule.subject_kind, rule.subject_id].append(rule)
        of_upstreams = [rule for rule in self.rules if rule.subject_kind in OF_UPSTREAMS]
        self.is_empty = len(of_upstreams) == len(self.rules)
        self.limits_upstreams = bool(of_upstreams)
        self.reads_models = any(rule.models != ("*",) for rule in self.rules)
        self.counts_output = any(rule.metric in OF_OUTPUT for rule in self.rules)
        self.has_money = any(rule.metric is Metric.USD for rule in self.rules)
        self._known: dict[tuple[object, ...], Matches] = {}

    @property
    def remembered(self) -> int:
        """How many answers are remembered."""
        return len(self._known)

    def meters_for(self, caller: Caller, model: str, endpoint: str, also: Names = ()) -> Matches:
        """The limits of ``caller``. ``also`` are further ids of ``model``, so that no name of a
        model leads around a limit."""
        # A UUID is hashed and compared by Python's own code, its number is not.
        key = caller.user_id, caller.key_id.int, caller.group_ids, model, endpoint, also
        known = self._known.get(key)
        if known is None:
            known = self._kept(
                key,
                Matches(
                    Matched.of(rule, share_of(rule, caller.user_id, caller.key_id))
                    for subject in subjects_of(caller)
                    for rule in self._by_subject.get(subject, ())
                    if is_for(rule, (model, *also), endpoint)
                ),
            )
        return known

    def upstream_rules(
        self, connection_id: int, key_id: str | None, model: str, endpoint: str, also: Names = ()
    ) -> Matches:
        """The limits of what a connection is sent, and of what is signed with its key ``key_id``:
        an id of :class:`connections.upstream.UpstreamKey`, None where no key signs."""
        key = connection_id, key_id, model, endpoint, also
        known = self._known.get(key)
        if known is None:
            subjects: list[Subject] = [(SubjectKind.CONNECTION, str(connection_id))]
            if key_id is not None:
                subjects.append((SubjectKind.CONNECTION_KEY, key_id))
            known = self._kept(
                key,
                Matches(
                    Matched.of(rule, "")
                    for subject in subjects
                    for rule in self._by_subject.get(subject, ())
                    if is_for(rule, (model, *also), endpoint)
                ),
            )
        return known

    def _kept(self, key: tuple[object, ...], found: Matches) -> Matches:
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = found
        return found


def subjects_of(caller: Caller) -> list[Subject]:
    """Each subject that ``caller`` is, or is part of."""
    return [
        (SubjectKind.EVERYONE, ""),
        *((SubjectKind.GROUP, str(group)) for group in sorted(caller.group_ids)),
        (SubjectKind.USER, str(caller.user_id)),
        (SubjectKind.KEY, caller.key_id.hex),
    ]


def share_of(rule: Rule, user_id: int, key_id: UUID) -> str:
    """The share of ``rule`` that a request with this key of this user counts towards."""
    match rule.share:
        case Share.POOL:
            return ""
        case Share.EACH_USER:
            return f"u{user_id}"
        case Share.EACH_KEY:
            return f"k{key_id.hex}"


def is_for(rule: Rule, models: Names, endpoint: str) -> bool:
    """Whether ``rule`` is for a model with one of the ids ``models``, asked at ``endpoint``."""
    if rule.endpoints and not any(matches(pattern, endpoint) for pattern in rule.endpoints):
        return False
    if rule.models == ("*",):
        return True
    return any(matches(pattern, model) for pattern in rule.models for model in models)


EMPTY = Book()

"""A route as configuration files write it, and bringing the database to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.core.exceptions import ValidationError

from connections.configuration.difference import Difference, Kind
from connections.configuration.entry import EntryError, Reader, one_of, read_fields, text
from connections.models import Connection
from resilience.configuration.policies import (
    POLICY_READERS,
    PolicySpec,
    checked_policy,
    policy_as_dict,
)
from resilience.configuration.targets import TargetSpec
from resilience.models import ResiliencePolicy, Route
from resilience.policy import Policy
from resilience.route import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSpec:
    """One complete description of a route. ``targets`` are in order of their tiers.

    ``policy`` is the name of one, the values of one of its own, or None for the default.
    """

    model: str
    strategy: str = Strategy.FIRST.value
    targets: tuple[TargetSpec, ...] = ()
    context_fallback: str = ""
    content_fallback: str = ""
    policy: str | Policy | None = None

    @classmethod
    def from_dict(cls, entry: Any) -> RouteSpec:
        """Raises :class:`connections.configuration.entry.EntryError`."""
        given = read_fields("route", entry, READERS, required=("model",))
        subject = f"route {given['model']}"
        targets = [TargetSpec.from_dict(each, subject) for each in given.pop("targets", ())]
        places = [(each.connection, each.model) for each in targets]
        if len(places) > len(set(places)):
            raise EntryError(subject, "targets", "names the same target twice")
        policy = given.pop("policy", None)
        if isinstance(policy, Mapping):
            try:
                values = read_fields(subject, policy, POLICY_READERS)
                policy = checked_policy(subject, values)
            except EntryError as exc:
                raise EntryError(subject, "policy", f"{exc.field} {exc.problem}") from exc
        in_order = tuple(sorted(targets, key=lambda each: each.tier))
        spec = cls(**given, targets=in_order, policy=policy)
        spec._check(subject)
        return spec

    def _check(self, subject: str) -> None:
        row = Route(**self._columns())
        try:
            row.clean_fields(exclude={"policy"})
        except ValidationError as exc:
            field, messages = next(iter(exc.message_dict.items()))
            raise EntryError(subject, field, f"is not valid. {' '.join(messages)}") from exc

    @classmethod
    def of(cls, row: Route) -> RouteSpec:
        """``row`` as a value, its policy by name."""
        return cls(
            model=row.model,
            strategy=row.strategy,
            targets=tuple(TargetSpec.of(each) for each in row.targets.select_related("connection")),
            context_fallback=row.context_fallback,
            content_fallback=row.content_fallback,
            policy=row.policy.name if row.policy else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """The entry that reads back as this spec, without what is as by default."""
        plain = RouteSpec(model=self.model)
        given = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name == "model" or getattr(self, each.name) != getattr(plain, each.name)
        }
        if self.targets:
            given["targets"] = [each.to_dict() for each in self.targets]
        return given

    def upsert(self) -> Difference:
        """Add the route, or change its row where it differs. Raises ``EntryError``."""
        subject = f"route {self.model}"
        row = Route.objects.filter(model=self.model).select_related("policy").first()
        before = RouteSpec.of(row) if row else RouteSpec(model=self.model)
        policy = self._policy(subject, row)
        details = tuple(_details(before, self, row.policy if row else None, policy))
        if row and not details:
            return Difference(subject=subject, kind=Kind.UNCHANGED)
        kind = Kind.CHANGED if row else Kind.ADDED
        self._save(subject, row or Route(), policy)
        return Difference(subject=subject, kind=kind, details=details)

    def _policy(self, subject: str, row: Route | None) -> ResiliencePolicy | None:
        """The row of the policy. Values of the route's own are a policy that is named after it."""
        if self.policy is None:
            return None
        if isinstance(self.policy, Policy):
            if row and row.policy and row.policy.policy() == self.policy:
                return row.policy
            PolicySpec(name=subject, policy=self.policy).upsert()
        name = subject if isinstance(self.policy, Policy) else self.policy
        policy = ResiliencePolicy.objects.filter(name=name).first()
        if policy is None:
            raise EntryError(subject, "policy", f"{name} is the name of no policy")
        return policy

    def _save(self, subject: str, row: Route, policy: ResiliencePolicy | None) -> None:
        for column, value in self._columns().items():
            setattr(row, column, value)
        row.policy = policy
        try:
            row.full_clean()
        except ValidationError as exc:
            raise EntryError(subject, "", " ".join(exc.messages)) from exc
        connections = Connection.objects.in_bulk(
            {each.connection for each in self.targets}, field_name="name"
        )
        for each in self.targets:
            if each.connection not in connections:
                raise EntryError(subject, "targets", f"names no connection: {each.connection}")
        row.save()
        row.targets.all().delete()
        for position, each in enumerate(self.targets):
            connection = connections[each.connection]
            each.row(route=row, connection=connection, position=position).save()

    def _columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COLUMNS}


def _details(
    before: RouteSpec,
    after: RouteSpec,
    policy_before: ResiliencePolicy | None,
    policy: ResiliencePolicy | None,
) -> Iterator[str]:
    for name in COLUMNS:
        was, becomes = getattr(before, name), getattr(after, name)
        if was != becomes:
            yield f"{name} {was or 'none'} → {becomes or 'none'}"
    if before.targets != after.targets:
        yield f"targets {_listed(before.targets)} → {_listed(after.targets)}"
    if policy_before != policy:
        yield f"policy {policy_before or 'the default'} → {policy or 'the default'}"
    elif policy_before and policy and policy_before.policy() != policy.policy():
        yield f"policy now {policy_as_dict(policy.policy())}"


def _listed(targets: tuple[TargetSpec, ...]) -> str:
    return ", ".join(map(str, targets)) or "none"


def _entries(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("must be a list of targets")  # noqa: TRY004 - one error per reader
    return value


def _policy(value: Any) -> Any:
    if not isinstance(value, Mapping | str):
        raise ValueError("must be the name of a policy, or a mapping of its fields")  # noqa: TRY004
    return value.strip() if isinstance(value, str) else value


COLUMNS = ("model", "strategy", "context_fallback", "content_fallback")
READERS: dict[str, Reader] = {
    "model": text,
    "strategy": one_of(Strategy),
    "targets": _entries,
    "context_fallback": text,
    "content_fallback": text,
    "policy": _policy,
}

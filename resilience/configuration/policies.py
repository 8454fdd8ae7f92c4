"""A policy as configuration files write it, and bringing the database to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from connections.configuration.difference import Difference, Kind
from connections.configuration.entry import (
    EntryError,
    Reader,
    number,
    one_of,
    read_fields,
    switch,
    text,
    whole_number,
)
from resilience.models import ResiliencePolicy
from resilience.models.policies import POLICY_FIELDS
from resilience.policy import DEFAULT, Ambiguous, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySpec:
    """One complete description of a policy."""

    name: str
    is_default: bool = False
    policy: Policy = DEFAULT

    @classmethod
    def from_dict(cls, entry: Any) -> PolicySpec:
        """Raises :class:`connections.configuration.entry.EntryError`."""
        given = read_fields("policy", entry, READERS, required=("name",))
        name, is_default = given.pop("name"), given.pop("default", False)
        policy = checked_policy(f"policy {name}", given, name=name)
        return cls(name=name, is_default=is_default, policy=policy)

    @classmethod
    def of(cls, row: ResiliencePolicy) -> PolicySpec:
        return cls(name=row.name, is_default=row.is_default, policy=row.policy())

    def to_dict(self) -> dict[str, Any]:
        """The entry that reads back as this spec, without what is as by default."""
        default = {"default": True} if self.is_default else {}
        return {"name": self.name} | default | policy_as_dict(self.policy)

    def upsert(self) -> Difference:
        """Add the policy, or change its row where it differs."""
        subject = f"policy {self.name}"
        row = ResiliencePolicy.objects.filter(name=self.name).first()
        if row is not None and PolicySpec.of(row) == self:
            return Difference(subject=subject, kind=Kind.UNCHANGED)
        kind = Kind.CHANGED if row else Kind.ADDED
        row = row or ResiliencePolicy(name=self.name)
        details = tuple(_details(PolicySpec.of(row), self))
        row.is_default = self.is_default
        row.take(self.policy)
        row.save()
        return Difference(subject=subject, kind=kind, details=details)


def checked_policy(subject: str, given: dict[str, Any], *, name: str | None = None) -> Policy:
    """The policy with the values ``given``, all typed. Raises ``EntryError`` for one out of range.

    ``name`` is checked, too, where there is one.
    """
    policy = Policy(**given | {"ambiguous": Ambiguous(given.get("ambiguous", DEFAULT.ambiguous))})
    row = ResiliencePolicy(name=name or "")
    row.take(policy)
    try:
        row.clean_fields(exclude={"name"} if name is None else ())
    except ValidationError as exc:
        field, messages = next(iter(exc.message_dict.items()))
        raise EntryError(subject, field, f"is not valid. {' '.join(messages)}") from exc
    return policy


def policy_as_dict(policy: Policy) -> dict[str, Any]:
    """What of ``policy`` is not as by default, as files write it."""
    return {
        field: _plain(getattr(policy, field))
        for field in POLICY_FIELDS
        if getattr(policy, field) != getattr(DEFAULT, field)
    }


def _details(before: PolicySpec, after: PolicySpec) -> list[str]:
    changed = [
        f"{field} {_plain(getattr(before.policy, field))} → {_plain(getattr(after.policy, field))}"
        for field in POLICY_FIELDS
        if getattr(before.policy, field) != getattr(after.policy, field)
    ]
    if before.is_default != after.is_default:
        changed.append("is the default" if after.is_default else "no longer the default")
    return changed


def _plain(value: Any) -> Any:
    match value:
        case Ambiguous():
            return value.value
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


POLICY_READERS: dict[str, Reader] = {
    "max_attempts": whole_number,
    "deadline_seconds": number,
    "first_content_timeout_seconds": number,
    "patience_seconds": number,
    "ambiguous": one_of(Ambiguous),
    "retry_budget_percent": whole_number,
    "hedges": switch,
    "hedge_after_seconds": number,
}
READERS: dict[str, Reader] = {"name": text, "default": switch, **POLICY_READERS}

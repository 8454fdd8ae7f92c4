"""The models that a person or a key may use, as this process serves them, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.urls import reverse

from accounts.caller import Caller, Scope
from accounts.models import ApiKey, User
from models_registry.explanation import caller_of
from models_registry.models import ModelGrant
from models_registry.registry import active, is_running

MOST_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A grant, or what stands in place of one. ``models`` is how many it opens."""

    text: str
    url: str = ""
    models: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """``names`` are the first of ``count`` models. ``is_known`` where this process serves some."""

    is_known: bool
    count: int
    names: tuple[str, ...]
    reasons: tuple[Reason, ...]

    @property
    def more(self) -> int:
        return self.count - len(self.names)


def of_key(key: ApiKey) -> list[str]:
    """The ids of the models that ``key`` may chat with; empty where this process serves none."""
    if not is_running() or Scope.INFERENCE not in key.scopes:
        return []
    caller = replace(caller_of(key.user), model_patterns=tuple(key.model_patterns))
    return [model for model, _ in active().snapshot.view(caller).for_chat().listed()]


def of_user(user: User) -> Usable:
    """The models of ``user``, whatever they are for, and why. Blocks on the database.

    One query, where the groups of ``user`` are there already.
    """
    groups = [group.pk for group in user.groups.all()]
    caller = replace(
        Caller.system(), user_id=user.pk, is_staff=user.is_staff, group_ids=frozenset(groups)
    )
    of_user = Q(user=user) | Q(everyone=True) | Q(group__in=groups)
    return _usable(caller, _grants(of_user), is_active=user.is_active, everything=_everything(user))


def of_group(group_id: int) -> Usable:
    """The models that membership of a group opens, with those of everyone."""
    caller = replace(Caller.system(), is_staff=False, group_ids=frozenset({group_id}))
    grants = _grants(Q(group=group_id) | Q(everyone=True))
    return _usable(caller, grants, is_active=True, everything=_bypass())


def _grants(condition: Q) -> Any:
    return ModelGrant.objects.filter(condition).select_related("group", "user").order_by("pattern")


def _usable(caller: Caller, grants: Any, *, is_active: bool, everything: str) -> Usable:
    reasons = [Reason(text=everything)] if everything else []
    if not is_running():
        reasons += [_reason(grant, None) for grant in grants]
        return Usable(is_known=False, count=0, names=(), reasons=tuple(reasons))
    view = active().snapshot.view(caller)
    patterns = view.catalogue.patterns
    for grant in grants:
        covered = view.catalogue.listed(patterns.covered_by([grant.pattern]))
        reasons.append(_reason(grant, sum(1 for _ in covered)))
    names = [model for model, _ in view.listed()] if is_active else []
    return Usable(
        is_known=True,
        count=len(names),
        names=tuple(names[:MOST_NAMED]),
        reasons=tuple(reasons),
    )


def _reason(grant: ModelGrant, models: int | None) -> Reason:
    return Reason(
        text=f"{grant.pattern} is granted to {grant.grantee}",
        url=reverse("admin:models_registry_modelgrant_change", args=[grant.pk]),
        models=models,
    )


def _everything(user: User) -> str:
    return "Staff may use every model." if user.is_staff else _bypass()


def _bypass() -> str:
    is_open = is_running() and active().snapshot.options.bypass_model_access_control
    return "BYPASS_MODEL_ACCESS_CONTROL is on: every user may use every model." if is_open else ""

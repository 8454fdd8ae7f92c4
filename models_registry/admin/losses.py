"""Who loses which models by a deletion, and how many a grant covers, as this worker knows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.dispatch import receiver

from accounts.admin.deletions import MOST_TOLD, counted, deletion_asked
from accounts.models import User
from connections.models import Connection
from infrastructure.patterns import matches
from models_registry.models import ModelGrant, RegisteredModel
from models_registry.patterns import positions_set
from models_registry.registry import active, is_running

MOST_NAMED = 10
EVERYONE = "everyone"


def models_covered(pattern: str) -> int | None:
    """How many models ``pattern`` covers now; None where this process serves none."""
    if not is_running():
        return None
    catalogue = active().snapshot.catalogue
    return sum(1 for _ in catalogue.listed(catalogue.patterns.covered_by([pattern])))


def grantees(grants: Iterable[ModelGrant], viewer: Any) -> str:
    """``everyone``, or groups with their sizes and users; empty without a grant.

    Their number alone, where ``viewer`` may see no grants. One query at most, if ``grants`` have
    their groups and users with them.
    """
    theirs = list(grants)
    if any(grant.everyone for grant in theirs):
        return EVERYONE
    groups = {grant.group.pk: grant.group.name for grant in theirs if grant.group}
    users = {grant.user.pk: grant.user.username for grant in theirs if grant.user}
    if not viewer.has_perm("models_registry.view_modelgrant"):
        numbers = ((len(groups), "group"), (len(users), "user"))
        return " and ".join(counted(number, noun) for number, noun in numbers if number)
    sizes = _sizes(groups) if groups else {}
    names = [f"{name} ({counted(sizes.get(pk, 0), 'member')})" for pk, name in groups.items()]
    return named([*names, *users.values()])


def _sizes(group_ids: Iterable[int]) -> dict[int, int]:
    """How many members groups have, without those that have none."""
    members: QuerySet[Any] = User.groups.through.objects.filter(group_id__in=list(group_ids))
    return dict(members.order_by().values_list("group_id").annotate(Count("pk")))


def named(names: Iterable[str]) -> str:
    """The first of ``names``, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - MOST_NAMED} more" if len(listed) > MOST_NAMED else ""
    return ", ".join(listed[:MOST_NAMED]) + more


@receiver(deletion_asked, sender=RegisteredModel)
def tell_of_aliases(
    sender: Any, *, rows: list[RegisteredModel], viewer: Any, **kwargs: Any
) -> list[str]:
    """Who loses models that were granted by an alias alone."""
    aliased = [row for row in rows if row.public_id][:MOST_TOLD]
    return [
        f"By the name {row.public_id} alone it was granted to {losers}, who lose it."
        for row in aliased
        if (losers := _losers_of_alias(row, viewer))
    ]


def _losers_of_alias(row: RegisteredModel, viewer: Any) -> str:
    """Whose grants cover the public id of ``row``, and none of the ids that the model keeps."""
    kept = (row.model, f"{row.connection.prefix_id}.{row.model}", str(row))
    losing = [
        grant
        for grant in _grants()
        if matches(grant.pattern, row.public_id)
        and not any(matches(grant.pattern, model_id) for model_id in kept)
    ]
    return grantees(losing, viewer)


def _grants() -> QuerySet[ModelGrant]:
    """All, by the names of groups and users, which come along."""
    rows = ModelGrant.objects.select_related("group", "user")
    return rows.order_by("group__name", "user__username")


@receiver(deletion_asked, sender=Group)
@receiver(deletion_asked, sender=User)
def tell_of_grants(sender: Any, *, rows: list[Any], **kwargs: Any) -> list[str]:
    """The grants that go with groups and users."""
    name = "group__in" if sender is Group else "user__in"
    grants = ModelGrant.objects.filter(**{name: rows}).select_related("group", "user")
    return [
        f"The grant {grant} is deleted, too{_extent(grant.pattern)}."
        for grant in grants[:MOST_TOLD]
    ]


@receiver(deletion_asked, sender=Connection)
def tell_of_models(sender: Any, *, rows: list[Any], viewer: Any, **kwargs: Any) -> list[str]:
    """The models that go with connections, who loses them, and the grants that stay."""
    models = RegisteredModel.objects.filter(connection__in=rows).select_related("connection")
    aliases = ", ".join(str(model) for model in models[:MOST_TOLD])
    told = [f"What is registered of their models is deleted: {aliases}."] if aliases else []
    told += _models_gone({row.pk for row in rows}, viewer)
    return [*told, "Grants stay, and count again for models of these names."]


def _extent(pattern: str) -> str:
    number = models_covered(pattern)
    return "" if number is None else f": it covers {counted(number, 'model')}"


def _models_gone(connection_ids: set[int], viewer: Any) -> list[str]:
    """The public ids that no other connection serves, and who may use one of them."""
    if not is_running():
        return []
    catalogue = active().snapshot.catalogue
    offered = {
        public_id: {target.connection.upstream.id for target in targets}
        for public_id, targets in catalogue.routes()
    }
    if not any(connection_ids & by for by in offered.values()):
        return ["No model of theirs is offered now."]
    gone = [public_id for public_id, by in offered.items() if by <= connection_ids]
    if not gone:
        return ["Every model of theirs is offered by another connection, too."]
    places = {position for public_id in gone for position in catalogue.positions(public_id)}
    positions = positions_set(places, len(catalogue.targets))
    losing = [
        grant for grant in _grants() if catalogue.patterns.covered_by([grant.pattern]) & positions
    ]
    losers = grantees(losing, viewer)
    return [
        f"{counted(len(gone), 'model')} of theirs find no other connection: {named(gone)}.",
        f"They are lost by {losers or 'staff alone, as nobody else may use them'}.",
    ]

"""Bringing the database to what a configuration file says."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import changes
from accounts.models import User
from connections.configuration.difference import Difference, Kind
from connections.configuration.entry import EntryError
from connections.configuration.upsert import upsert
from connections.models import GatewaySettings
from gateway_project.config_file.document import ConfigDocument, GrantSpec, GroupSpec
from gateway_project.config_file.source import ConfigFileError
from models_registry.grantee import Grantee


@transaction.atomic
def apply_document(document: ConfigDocument) -> list[Difference]:
    """Add and change what the file names; what it does not name stays as it is.

    All or nothing. Raises :class:`gateway_project.config_file.source.ConfigFileError`.
    """
    changes.lock_configuration()
    _refuse_missing(document)
    try:
        return [
            *(upsert(spec) for spec in document.connections),
            *(spec.upsert() for spec in document.models),
            *(spec.upsert() for spec in document.policies),
            *(spec.upsert() for spec in document.routes),
            *(_apply_group(spec) for spec in document.groups),
            *(difference for spec in document.grants for difference in _apply_grant(spec)),
            *(spec.upsert(made_by="a configuration file") for spec in document.limits),
            *_apply_settings(document),
        ]
    except EntryError as exc:
        raise ConfigFileError(str(exc)) from exc


def _refuse_missing(document: ConfigDocument) -> None:
    users = set(
        User.objects.filter(username__in=document.user_names).values_list("username", flat=True)
    )
    groups = {spec.name for spec in document.groups} | set(
        Group.objects.filter(name__in=document.group_names).values_list("name", flat=True)
    )
    problems = []
    if missing := sorted(document.user_names - users):
        problems.append(f"there is no user named {', '.join(missing)}")
    if missing := sorted(document.group_names - groups):
        problems.append(f"there is no group named {', '.join(missing)}, here or in the file")
    if problems:
        raise ConfigFileError(f"{'; '.join(problems)}. Nothing was changed.")


def _apply_group(spec: GroupSpec) -> Difference:
    group, created = Group.objects.get_or_create(name=spec.name)
    joining = User.objects.filter(username__in=spec.users).exclude(groups=group)
    names = tuple(sorted(user.username for user in joining))
    group.user_set.add(*joining)
    kind = Kind.ADDED if created else Kind.CHANGED if names else Kind.UNCHANGED
    details = (f"members + {', '.join(names)}",) if names else ()
    return Difference(subject=f"group {spec.name}", kind=kind, details=details)


def _apply_grant(spec: GrantSpec) -> Iterator[Difference]:
    for grantee in _grantees(spec):
        for pattern in spec.models:
            try:
                created = grantee.grant(pattern)
            except ValidationError as exc:
                raise ConfigFileError(f"grant {pattern!r}: {' '.join(exc.messages)}") from exc
            yield Difference(
                subject=f"grant {pattern} → {grantee}",
                kind=Kind.ADDED if created else Kind.UNCHANGED,
            )


def _grantees(spec: GrantSpec) -> Iterator[Grantee]:
    for group in Group.objects.filter(name__in=spec.groups).order_by("name"):
        yield Grantee(group=group)
    for user in User.objects.filter(username__in=spec.users).order_by("username"):
        yield Grantee(user=user)
    if spec.everyone:
        yield Grantee()


def _apply_settings(document: ConfigDocument) -> Iterator[Difference]:
    row = GatewaySettings.load()
    for name, value in document.settings.items():
        before = getattr(row, name)
        is_same = before == value
        yield Difference(
            subject=f"setting {name}",
            kind=Kind.UNCHANGED if is_same else Kind.CHANGED,
            details=() if is_same else (f"{_words(before)} → {_words(value)}",),
        )
        setattr(row, name, value)
    if document.settings:
        row.save()


def _words(value: object) -> str:
    if value is None:
        return "as the environment says"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}"

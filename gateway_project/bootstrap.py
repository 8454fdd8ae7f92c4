"""What a gateway needs before its first request: connections, an admin, something to try."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from django.db import transaction

from accounts import changes
from accounts.models import ApiKey, User
from connections.calling.resolve import resolve
from connections.configuration.difference import Difference
from connections.configuration.environment_sync import sync_environment
from connections.configuration.spec import ConnectionSpec
from connections.configuration.upsert import upsert
from connections.models import Connection
from demo_upstream.models import ALL_MODELS
from models_registry.grantee import Grantee

ADMIN_NAME = "admin"
DEMO_NAME = "demo"
DEMO_TAG = "demo"  # marks the demo connection, as another may have its name
DEMO_MODEL = "demo-chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAdmin:
    """The admin that was made just now. Neither secret can be shown again."""

    username: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrapped:
    """``admin`` is None when there was one before. ``example_model`` is empty when none is known
    without asking an upstream. ``has_demo``: the demo upstream should be running.
    """

    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]
    admin: FirstAdmin | None
    has_demo: bool
    example_model: str


@transaction.atomic
def bootstrap(*, demo_url: str | None) -> Bootstrapped:
    """Make what is missing and leave the rest. Several at once wait for each other.

    ``demo_url`` None wants no demo connection. Raises ``EntryError`` when it is not a base
    URL.
    """
    changes.lock_configuration()
    synced = sync_environment()
    warnings = [*synced.warnings, *synced.kept]
    demo = _demo(demo_url) if demo_url else ()
    return Bootstrapped(
        differences=synced.differences + demo,
        admin=_first_admin(warnings),
        warnings=tuple(warnings),
        has_demo=any(DEMO_TAG in row.tags for row in Connection.objects.enabled()),
        example_model=_example_model(),
    )


def _first_admin(warnings: list[str]) -> FirstAdmin | None:
    if User.objects.filter(is_superuser=True).exists():
        return None
    if User.objects.filter(username=ADMIN_NAME).exists():
        warnings.append(
            f"There is no superuser, and the user {ADMIN_NAME} is not one. "
            "manage.py createsuperuser makes one."
        )
        return None
    password = secrets.token_urlsafe(15)
    user = User.objects.create_superuser(ADMIN_NAME, password=password)
    _, api_key = ApiKey.objects.issue(user, name="first key")
    return FirstAdmin(username=ADMIN_NAME, password=password, api_key=api_key)


def _demo(base_url: str) -> tuple[Difference, ...]:
    """Make the demo connection if there is no other; have the one there is follow its URL."""
    wanted = ConnectionSpec.from_dict(
        {"name": DEMO_NAME, "base_url": base_url, "tags": [DEMO_TAG], "keys": []}
    )
    row = Connection.objects.filter(name=DEMO_NAME).first()
    if row is not None:
        is_ours = DEMO_TAG in row.tags
        current = ConnectionSpec.of(row)
        return (upsert(replace(current, base_url=wanted.base_url)),) if is_ours else ()
    if Connection.objects.exists():
        return ()
    for model in ALL_MODELS:
        Grantee().grant(model)
    return (upsert(wanted),)


def _example_model() -> str:
    """A model that a first request can name: a listed one, else the demo upstream's."""
    for row in Connection.objects.enabled().by_priority():
        if row.model_ids:
            return resolve(row).public_id(row.model_ids[0])
        if DEMO_TAG in row.tags:
            return resolve(row).public_id(DEMO_MODEL)
    return ""

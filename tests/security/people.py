"""Members of staff with permissions to the letter, and the keys and browsers they come with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounts.caller import SUPERUSER
from tests.support.live import LiveGateway

MAKE = """
import json
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Permission
from accounts.models import ApiKey, User

rows = Permission.objects.select_related("content_type")
every = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
made = {}
for name, wanted in json.loads(%r).items():
    user = User.objects.create_user(name, is_staff=True, is_superuser="superuser" in wanted["has"])
    names = wanted["has"] if wanted["lacks"] is None else set(every) - {wanted["lacks"]}
    user.user_permissions.set(every[each] for each in names if each != "superuser")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    keys = [ApiKey.objects.issue(user, scopes=scopes)[1] for scopes in (["admin"], [])]
    made[name] = {"admin": keys[0], "plain": keys[1], "session": session.session_key}
print(json.dumps(made))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """``admin_key`` has the scope admin alone; ``plain_key`` is what one gets without asking."""

    admin_key: str
    plain_key: str
    session: str


def having(*permissions: str) -> dict[str, Any]:
    """Somebody with just these; ``superuser`` makes a superuser."""
    return {"has": permissions, "lacks": None}


def lacking(permission: str) -> dict[str, Any]:
    """Somebody with every permission but one. Nobody who lacks ``superuser`` is one."""
    return {"has": (), "lacks": permission}


def make_staff(gateway: LiveGateway, wanted: dict[str, dict[str, Any]]) -> dict[str, Staff]:
    """Make all of them in one process."""
    code = MAKE % json.dumps(wanted)
    made = json.loads(gateway.manage("shell", "--no-imports", "-c", code).stdout)
    return {
        name: Staff(admin_key=each["admin"], plain_key=each["plain"], session=each["session"])
        for name, each in made.items()
    }


def for_needs(permissions: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Those who are to be refused where ``permissions`` are needed, and the one who is not."""
    permissions = tuple(permissions)
    refused = {f"lacks {name}": lacking(name) for name in permissions}
    return refused | {f"has {' '.join(permissions)}": having(*permissions)}


assert SUPERUSER == "superuser"  # as MAKE spells it

"""What has a history, and how much of it is told.

A field is in one of three states: its values are told, it is ``hidden`` (the entry tells that it
changed, and not from what to what), or ``left_out``. ``tests/gateway_project/history`` holds every
field of every recorded model against this table, and every model of the configuration against it.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditlog.registry import auditlog
from django.apps import apps

HIDDEN = "(hidden)"
NO_VALUES = frozenset({"", "None", "{}", "[]"})  # as django-auditlog writes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One model. ``many`` are its many-to-many fields whose changes are told."""

    model: str
    hidden: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    many: tuple[str, ...] = ()


def hide(value: str) -> str:
    """What an entry says in place of a secret; nothing of ``value`` is left, nor its length."""
    return value if value in NO_VALUES else HIDDEN


RECORDED = (
    Recorded(
        model="accounts.User",
        hidden=("password",),
        left_out=("last_login", "is_newcomer"),
        many=("groups", "user_permissions"),
    ),
    Recorded(
        model="accounts.ApiKey",
        hidden=("digest",),
        left_out=("created_at", "last_used_at"),
    ),
    Recorded(model="accounts.Identity", left_out=("created_at",)),
    Recorded(model="accounts.Invitation", hidden=("digest",), left_out=("created_at",)),
    Recorded(model="auth.Group", many=("permissions",)),
    Recorded(
        model="connections.Connection",
        # Headers may hold keys, and one may name a secret in any of them.
        hidden=("headers", "proxy", "proxy_ciphertext"),
        left_out=("created_at", "updated_at"),
    ),
    Recorded(model="connections.ConnectionKey", hidden=("ciphertext",), left_out=("created_at",)),
    Recorded(model="connections.GatewaySettings"),
    Recorded(model="resilience.ResiliencePolicy"),
    Recorded(model="resilience.Route", left_out=("created_at",)),
    Recorded(model="resilience.RouteTarget"),
    Recorded(model="models_registry.ModelGrant", left_out=("created_at",)),
    Recorded(
        model="models_registry.RegisteredModel",
        left_out=("created_at",),
    ),
    Recorded(model="usage.Price", left_out=("created_at",)),
    Recorded(model="limits.Limit", left_out=("created_at",)),
    Recorded(model="limits.LimitChange", left_out=("created_at",)),
    Recorded(model="portal.KeyPolicy"),
    Recorded(model="portal.GroupManager"),
    Recorded(model="portal.GroupInvitation", left_out=("created_at",)),
)
# Written by workers in the course of their work, or holding what people said: no configuration.
UNRECORDED = frozenset(
    {
        "accounts.ClientSecret",
        "accounts.ConfigVersion",
        "accounts.Departed",
        "accounts.EarlierKey",
        "accounts.OAuthToken",
        "accounts.StoredSecret",
        "connections.ConnectionHealth",
        "connections.LastVerification",
        "limits.LimitAlert",
        "limits.Period",
        "portal.AccessRequest",
        "portal.MadeKey",
        "models_registry.ListedModel",
        "proxy.Conversation",
        "proxy.ConversationItem",
        "proxy.OwnItem",
        "proxy.OwnResponse",
        "proxy.StoredResponse",
        "usage.UsageDay",
        "usage.UsageHour",
        "usage.UsageRow",
    }
)


def register() -> None:
    """Have django-auditlog record the models. Called once, when all of them are loaded."""
    for recorded in RECORDED:
        model = apps.get_model(recorded.model)
        auditlog.register(
            model,
            # Named one by one: left to itself it tells of relations that lead here, too.
            include_fields=[
                field.name for field in model._meta.fields if field.name not in recorded.left_out
            ],
            mask_fields=list(recorded.hidden),
            mask_callable=f"{hide.__module__}.{hide.__name__}",
            m2m_fields=set(recorded.many),
        )

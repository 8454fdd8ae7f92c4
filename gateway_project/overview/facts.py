"""What the checklist and the notices ask the database for: one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import ApiKey, User
from connections.models import Connection, GatewaySettings
from models_registry.models import ModelGrant
from usage.models import UsageDay, UsageHour

SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """``keys_expiring`` are those that work and will not in a week, of ``people_expiring``."""

    has_connection: bool
    has_grant: bool
    has_key: bool
    has_request: bool
    is_bypassed: bool
    keys_expiring: int
    people_expiring: int

    @classmethod
    def of(cls, viewer: Any, *, now: datetime) -> Facts:
        expiring = ApiKey.objects.usable().filter(expires_at__lte=now + SOON)
        bypass = GatewaySettings.objects.order_by().values("bypass_model_access_control")[:1]
        probes = {
            "has_connection": Exists(Connection.objects.enabled()),
            "has_grant": Exists(ModelGrant.objects.all()),
            "has_key": Exists(ApiKey.objects.usable()),
            "of_hours": Exists(UsageHour.objects.all()),
            "of_days": Exists(UsageDay.objects.all()),
            "stored_bypass": Subquery(bypass),
            "keys_expiring": _count(expiring, Count("pk")),
            "people_expiring": _count(expiring, Count("user", distinct=True)),
        }
        me = User.objects.filter(pk=viewer.pk).order_by()
        found: dict[str, Any] = dict(me.values(**probes).get())
        stored = found.pop("stored_bypass")
        of_usage = [found.pop("of_hours"), found.pop("of_days")]
        bypassed = settings.BYPASS_MODEL_ACCESS_CONTROL if stored is None else stored
        return cls(has_request=any(of_usage), is_bypassed=bool(bypassed), **found)


def _count(keys: QuerySet[Any], counted: Count) -> Coalesce:
    """A number from groups of one value. An empty set of keys makes no group, and counts as 0."""
    one = keys.order_by().annotate(all=Value(1)).values("all").annotate(number=counted)
    return Coalesce(Subquery(one.values("number"), output_field=IntegerField()), 0)

"""The models of each connection over time: those offered now, those that came, those that went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from connections.models import Connection
from models_registry.models import ListedModel
from models_registry.registry import active, is_running
from models_registry.targets import offered_models

NEWS_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The models that a connection has listed since a moment, and those it lists no more."""

    new: tuple[ListedModel, ...]
    gone: tuple[ListedModel, ...]


def offered_now(connection: Connection) -> frozenset[str]:
    """The upstream's names of the models that ``connection`` offers.

    As this worker serves them; in a process without a registry, as they were last listed.
    """
    if is_running():
        for each, listing in active().listings.items():
            if each.upstream.id == connection.pk:
                return frozenset(offered_models(each.upstream, listing))
    if connection.model_ids:
        return frozenset(connection.model_ids)
    rows = ListedModel.objects.filter(connection=connection, gone_at__isnull=True)
    return frozenset(rows.values_list("model", flat=True))


def news_of(connection: Connection, *, now: datetime) -> News:
    """What changed in ``NEWS_DAYS``. Models of the first list of all are not new."""
    since = now - timedelta(days=NEWS_DAYS)
    rows = ListedModel.objects.filter(connection=connection)
    first = rows.aggregate(first=Min("first_listed_at"))["first"] or now
    new = rows.filter(first_listed_at__gt=max(first, since), gone_at__isnull=True)
    gone = rows.filter(gone_at__gt=since)
    return News(new=tuple(new), gone=tuple(gone.order_by("-gone_at", "model")))

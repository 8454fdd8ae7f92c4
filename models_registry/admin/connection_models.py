"""The tab "Models" of a connection: those offered now, new ones, and those that are gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from connections.admin.from_above import states_now
from connections.admin.tabs import tab_context
from connections.models import Connection
from models_registry.listed import NEWS_DAYS, news_of, offered_now
from models_registry.models import RegisteredModel

ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedModel:
    """``url`` leads to the admin's row about the model, or to the form for one."""

    name: str
    public_id: str
    url: str
    is_registered: bool
    is_hidden: bool = False
    new_since: datetime | None = None


@require_safe
def connection_models_page(request: HttpRequest, connection_id: int) -> HttpResponse:
    """For people who may see connections; wrap it in ``admin_view``."""
    context = tab_context(request, connection_id, "models")
    connection: Connection = context["connection"]
    news = news_of(connection, now=timezone.now())
    new = {row.model: row.first_listed_at for row in news.new}
    asked = request.GET.get("q", "").strip()
    names = sorted(each for each in offered_now(connection) if asked.lower() in each.lower())
    page = Paginator(names, ROWS).get_page(request.GET.get("page"))
    [state] = states_now([connection])
    context |= {
        "state": state,
        "news_days": NEWS_DAYS,
        "new": news.new,
        "gone": news.gone,
        "page": page,
        "q": asked,
        "query": urlencode({"q": asked}),
        "models": _rows(connection, list(page), new),
    }
    return TemplateResponse(request, "admin/connections/connection/models.html", context)


def _rows(connection: Connection, names: list[str], new: dict[str, datetime]) -> list[OfferedModel]:
    rows = RegisteredModel.objects.filter(connection=connection, model__in=names)
    registered = {row.model: row for row in rows}
    return [_row(connection, name, registered.get(name), new.get(name)) for name in names]


def _row(
    connection: Connection, name: str, row: RegisteredModel | None, new_since: datetime | None
) -> OfferedModel:
    own = f"{connection.prefix_id}.{name}" if connection.prefix_id else name
    if row is not None:
        url = reverse("admin:models_registry_registeredmodel_change", args=[row.pk])
    else:
        place = urlencode({"connection": connection.pk, "model": name})
        url = f"{reverse('admin:models_registry_registeredmodel_add')}?{place}"
    return OfferedModel(
        name=name,
        public_id=(row.public_id if row else "") or own,
        url=url,
        is_registered=row is not None,
        is_hidden=bool(row and row.is_hidden),
        new_since=new_since,
    )

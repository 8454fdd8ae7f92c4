"""The page of the models that one person may use, and why."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q
from django.views.generic import TemplateView
from unfold.views import UnfoldModelAdminViewMixin

from accounts.models import User
from models_registry.explanation import caller_of, grants_of, reasons
from models_registry.grants import Access
from models_registry.loader import load_grants
from models_registry.registry import active, is_running
from models_registry.snapshot import Snapshot, View

ROWS = 100
MOST_LIKE_IT = 8
LONGEST = 150


class PersonView(UnfoldModelAdminViewMixin, TemplateView):
    """``?user=`` is a user name. The keys of a person may be narrower; their pages say so."""

    title = "Access"
    permission_required = (
        "models_registry.view_modelgrant",
        "models_registry.view_registeredmodel",
        "accounts.view_user",
        "auth.view_group",
    )
    template_name = "admin/models_registry/access/person.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        name = self.request.GET.get("user", "").replace("\0", "").strip()[:LONGEST]
        context = super().get_context_data(**kwargs) | {
            "asked_for": name,
            "is_running": is_running(),
        }
        person = User.objects.filter(username=name).first() if name else None
        if person is None or not is_running():
            return context | {"like_it": _like(name)}
        return context | self._models(person)

    def _models(self, person: User) -> dict[str, Any]:
        snapshot = active().snapshot
        listed = _view(snapshot, person).listed() if person.is_active else []
        page = Paginator(listed, ROWS).get_page(self.request.GET.get("page"))
        grants = list(grants_of(person))
        return {
            "person": person,
            "total": len(list(snapshot.catalogue.routes())),
            "page": page,
            "query": urlencode({"user": person.username}),
            "groups": sorted(person.groups.values_list("name", flat=True)),
            "rows": [
                (model_id, target, reasons(snapshot, person, target, grants))
                for model_id, target in page.object_list
            ],
        }


def _view(snapshot: Snapshot, person: User) -> View:
    """The models of ``person`` by the grants that the database has now, which workers learn of in
    a moment."""
    caller, catalogue = caller_of(person), snapshot.catalogue
    if caller.is_staff or snapshot.options.bypass_model_access_control:
        return snapshot.view(caller)
    granted = Access(load_grants(), catalogue.patterns).of(caller)
    return View(catalogue=catalogue, usable=granted)


def _like(name: str) -> list[str]:
    """User names that hold ``name``."""
    if not name:
        return []
    like_it = Q(username__icontains=name) | Q(email__istartswith=name)
    found = User.objects.filter(like_it).order_by("username")
    return list(found.values_list("username", flat=True)[:MOST_LIKE_IT])

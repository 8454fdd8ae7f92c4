"""The admin's page of one model: who may use it, what serves it, what it costs and how it does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.administration import MODEL, NEEDS
from gateway_project.model_page.facts import limits_on, usage_of
from gateway_project.model_page.serving import servings_of
from gateway_project.model_page.trying import try_chat
from models_registry.access.tree import ModelRow, ModelTree
from models_registry.access.who import who_may
from models_registry.registry import active, is_running

LONGEST = 512


@require_http_methods(["GET", "HEAD", "POST"])
def model_page(request: HttpRequest) -> HttpResponse:
    """``?id=`` is a public id. ``POST`` tries the target of a ``connection``. Wrap in
    ``admin_view``."""
    if not request.user.has_perms(NEEDS[MODEL]):
        raise PermissionDenied
    model_id = request.GET.get("id", "").replace("\0", "")[:LONGEST]
    tree = ModelTree(active().snapshot.catalogue) if is_running() else None
    row = tree.by_id.get(model_id) if tree else None
    if request.method == "POST":
        return _tried(request, model_id, row)
    context = admin.site.each_context(request) | {
        "title": "Model",
        "model_id": model_id,
        "is_running": tree is not None,
        "row": row,
    }
    context |= _of_row(request.user, row, tree) if row and tree else {}
    if model_id and request.user.has_perm("usage.view_usagerow"):
        context["usage"] = usage_of(model_id)
    return TemplateResponse(request, "admin/model.html", context)


def _tried(request: HttpRequest, model_id: str, row: ModelRow | None) -> HttpResponse:
    wanted = request.POST.get("connection", "")
    for target in row.targets if row else ():
        if str(target.connection.upstream.id) == wanted and target.is_chat:
            try_chat(request, target)
            break
    return HttpResponseRedirect(f"{reverse('model_page')}?{urlencode({'id': model_id})}")


def _of_row(user: Any, row: ModelRow, tree: ModelTree) -> dict[str, Any]:
    snapshot = active().snapshot
    may = user.has_perm
    names = {name for target in row.targets for name in target.granted_ids}
    connections = {target.connection.upstream.id for target in row.targets}
    return {
        "servings": servings_of(row.targets, user),
        "route": snapshot.route_of(row.model_id) if row.targets[0].is_routed else None,
        "is_bypassed": snapshot.options.bypass_model_access_control,
        "who": who_may(row, tree) if may("models_registry.view_modelgrant") else None,
        "other_names": sorted(names - {row.model_id}),
        "may_try": may("connections.change_connection"),
        "may_see_prices": may("usage.view_price"),
        "may_change_access": may("models_registry.view_modelgrant") and may("auth.view_group"),
        "limits": limits_on(names, connections) if may("limits.view_limit") else None,
        "playground": _playground(row.model_id) if settings.GATEWAY_PLAYGROUND else "",
    }


def _playground(model_id: str) -> str:
    return f"{reverse('playground:start')}?{urlencode({'model': model_id})}"

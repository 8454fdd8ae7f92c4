"""The page with all models as this worker serves them, and who may use them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.generic import TemplateView
from unfold.views import UnfoldModelAdminViewMixin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from models_registry.explanation import Explanation, explain
from models_registry.models import RegisteredModel
from models_registry.registry import active, is_running
from models_registry.snapshot import Snapshot
from models_registry.targets import Target

ROWS = 100
HEADERS = ("Model", "Served by", "Then tried", "State", "Settings")


class FilterForm(forms.Form):
    q = forms.CharField(
        required=False, label="Search", max_length=200, widget=UnfoldAdminTextInputWidget()
    )
    show = forms.ChoiceField(
        required=False,
        choices=(("", "All"), ("collisions", "Offered more than once"), ("stale", "Stale")),
        widget=UnfoldAdminSelectWidget(),
    )


class AccessForm(forms.Form):
    user = forms.CharField(label="User name", max_length=150, widget=UnfoldAdminTextInputWidget())
    model = forms.CharField(label="Model", max_length=512, widget=UnfoldAdminTextInputWidget())

    def clean_user(self) -> User:
        user = User.objects.filter(username=self.cleaned_data["user"]).first()
        if user is None:
            raise forms.ValidationError("There is no such user.")
        return user


class ModelsView(UnfoldModelAdminViewMixin, TemplateView):
    title = "Models"
    permission_required = ("models_registry.view_registeredmodel",)
    template_name = "admin/models_registry/models.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs) | {"snapshot": None}
        if not is_running():
            return context
        snapshot = active().snapshot
        asked = self.request.GET
        form = FilterForm(asked)
        wanted = form.cleaned_data if form.is_valid() else {}
        page = Paginator(list(_chosen(snapshot, wanted)), ROWS).get_page(asked.get("page"))
        context |= {
            "snapshot": snapshot,
            "filter_form": form,
            "page": page,
            "query": urlencode(wanted),
            "table": {"headers": HEADERS, "rows": _rows(page.object_list)},
        }
        if self.request.user.has_perm("models_registry.view_modelgrant"):
            context |= self._access(snapshot)
        return context

    def _access(self, snapshot: Snapshot) -> dict[str, Any]:
        form = AccessForm(self.request.GET if "user" in self.request.GET else None)
        explanation: Explanation | None = None
        if form.is_valid():
            explanation = explain(snapshot, form.cleaned_data["user"], form.cleaned_data["model"])
        return {"access_form": form, "explanation": explanation}


Entry = tuple[str, tuple[Target, ...]]


def _chosen(snapshot: Snapshot, wanted: dict[str, str]) -> Iterable[Entry]:
    """Every id with its targets, as far as it is asked for."""
    text = wanted.get("q", "").lower()
    for model_id, targets in snapshot.catalogue.routes():
        ids = (model_id, *(target.qualified_id for target in targets))
        is_found = not text or any(text in each.lower() for each in ids)
        match wanted.get("show"):
            case "collisions":
                is_wanted = len(targets) > 1 and not targets[0].is_routed
            case "stale":
                is_wanted = any(target.is_stale for target in targets)
            case _:
                is_wanted = True
        if is_found and is_wanted:
            yield model_id, targets


def _rows(entries: Iterable[Entry]) -> list[list[str]]:
    shown = list(entries)
    connections = {target.connection.upstream.id for _, targets in shown for target in targets}
    registered = {
        (row.connection_id, row.model): row.pk
        for row in RegisteredModel.objects.filter(connection__in=connections)
    }
    return [
        [
            _page(model_id),
            targets[0].qualified_id,
            ", ".join(target.qualified_id for target in targets[1:]),
            _state(targets[0]),
            _link(
                targets[0],
                registered.get((targets[0].connection.upstream.id, targets[0].model)),
            ),
        ]
        for model_id, targets in shown
    ]


def _page(model_id: str) -> SafeString:
    url = f"{reverse('model_page')}?{urlencode({'id': model_id})}"
    return format_html('<a class="text-link" href="{}">{}</a>', url, model_id)


def _state(target: Target) -> str:
    states = [("stale", target.is_stale), ("not for chat", not target.is_chat)]
    return ", ".join(word for word, is_so in states if is_so)


def _link(target: Target, registered: int | None) -> SafeString:
    if registered is not None:
        url = reverse("admin:models_registry_registeredmodel_change", args=[registered])
    else:
        asked = urlencode({"connection": target.connection.upstream.id, "model": target.model})
        url = f"{reverse('admin:models_registry_registeredmodel_add')}?{asked}"
    word = "Registered" if registered is not None else "Register"
    return format_html('<a class="text-link" href="{}">{}</a>', url, word)

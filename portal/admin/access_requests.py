"""Requests for access, decided by people who may grant models."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.admin.model_admin import ModelAdmin
from models_registry.admin.losses import models_covered
from portal.access import approve, decline
from portal.models import AccessRequest, RequestState
from portal.models.access_requests import LONGEST_REASON
from portal.page import person_of

TO_PERSON = ""


class ApprovalForm(forms.Form):
    group = forms.ChoiceField(
        required=False, label="Grant the model to", widget=UnfoldAdminSelectWidget()
    )
    words = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="Words to the person",
        widget=UnfoldAdminTextareaWidget(),
    )

    def __init__(self, *args: Any, row: AccessRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = {str(group.pk): group for group in row.asked_by.groups.order_by("name")}
        self.fields["group"].choices = [  # type: ignore[attr-defined]
            (TO_PERSON, str(row.asked_by)),
            *((pk, f"group {group}") for pk, group in self.groups.items()),
        ]


class RefusalForm(forms.Form):
    words = forms.CharField(
        max_length=LONGEST_REASON,
        label="Words to the person",
        help_text="Why not, and what to use in its place.",
        widget=UnfoldAdminTextareaWidget(),
    )


@admin.register(AccessRequest)
class AccessRequestAdmin(ModelAdmin):
    list_display = ("model", "exists", "asked_by", "reason", "shown_state", "created_at")
    list_filter = ("state", ("asked_by", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("asked_by", "decided_by")
    search_fields = ("model", "asked_by__username", "asked_by__email")
    fields = (
        *("model", "exists", "asked_by", "reason", "created_at"),
        *("shown_state", "decided_by", "decided_at", "words"),
    )
    readonly_fields = fields
    actions_detail = ("approve", "decline")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people ask in the portal

    @display(
        description="State",
        label={"Open": "warning", "Approved": "success", "Declined": "danger"},
    )
    def shown_state(self, row: AccessRequest) -> str:
        return RequestState(row.state).label

    @display(description="There is such a model", boolean=True)
    def exists(self, row: AccessRequest) -> bool | None:
        number = models_covered(row.model)
        return None if number is None else bool(number)

    def has_decide_permission(self, request: HttpRequest, object_id: str) -> bool:
        row = self.get_object(request, object_id)
        is_open = row is not None and row.state == RequestState.OPEN
        may_grant = request.user.has_perm("models_registry.add_modelgrant")
        return is_open and may_grant and self.has_change_permission(request, row)

    @action(description="Approve", icon="check", permissions=["decide"])
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)
        form = ApprovalForm(request.POST or None, row=row)
        if request.method == "POST" and form.is_valid():
            group = form.groups.get(form.cleaned_data["group"])
            if approve(row, by=person_of(request), words=form.cleaned_data["words"], group=group):
                self.log_change(request, row, "Approved.")
                messages.success(request, f"{row.model} is granted to {group or row.asked_by}.")
            return self._list()
        return self._asked(request, row, form, f"Approve {row}", "Approve")

    @action(
        description="Decline", icon="close", permissions=["decide"], variant=ActionVariant.DANGER
    )
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self._row(request, object_id)
        form = RefusalForm(request.POST or None)
        if form.is_valid():
            if decline(row, by=person_of(request), words=form.cleaned_data["words"]):
                self.log_change(request, row, "Declined.")
            return self._list()
        return self._asked(request, row, form, f"Decline {row}", "Decline")

    def _row(self, request: HttpRequest, object_id: str) -> AccessRequest:
        row: AccessRequest = self.get_queryset(request).get(pk=object_id)
        return row

    def _list(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:portal_accessrequest_changelist"))

    def _asked(
        self, request: HttpRequest, row: AccessRequest, form: forms.Form, title: str, button: str
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.opts,
            "row": row,
            "form": form,
            "button": button,
        }
        return TemplateResponse(request, "admin/portal/accessrequest/decide.html", context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessRequest]:
        return super().get_queryset(request).select_related("asked_by", "decided_by")

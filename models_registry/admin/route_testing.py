"""The button "Test" of a route: its targets are tried, and each is told of."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from accounts.admin.model_admin import ModelAdmin
from connections.admin.verification import LEVELS, LONGEST_SECONDS, in_words
from models_registry.registry import active, is_running
from models_registry.route_report import RouteReport, report_of
from models_registry.route_trial import tried
from resilience.models import Route

NOT_SERVING = "This process serves no API, so it knows no targets. Use manage.py route test."


class RouteTesting(ModelAdmin):
    actions_detail = ("test",)

    def has_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """The stored keys are used, so it takes the permission to change connections, too."""
        may_verify = request.user.has_perm("connections.change_connection")
        return may_verify and self.has_change_permission(request)

    @action(
        description="Test",
        icon="network_check",
        permissions=["test"],
        dialog={
            "title": "Test the targets of this route?",
            "description": "Asks each upstream for its models, with the stored keys. No response "
            "is asked for, so it costs nothing. Takes 10 seconds at most.",
            "form_class": None,
            "form_submit_text": "Test",
        },
    )
    def test(self, request: HttpRequest, form: forms.Form, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is not None:
            self._tell(request, row)
        if "HX-Request" in request.headers:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return HttpResponseRedirect(reverse("admin:resilience_route_change", args=[object_id]))

    def _tell(self, request: HttpRequest, row: Route) -> None:
        if not is_running():
            messages.warning(request, NOT_SERVING)
            return
        report = report_of(active().snapshot, row.model)
        if report is None:
            messages.warning(request, f"Nothing serves {row.model} yet.")
            return
        for place in report.places:
            if place.left_out:
                messages.warning(request, f"{place.name} is left out: {place.left_out}.")
        self._try(request, report)

    def _try(self, request: HttpRequest, report: RouteReport) -> None:
        names = {upstream.id: upstream.name for upstream in report.upstreams}
        for connection_id, found in tried(report, timeout_seconds=LONGEST_SECONDS).items():
            said = in_words(names[connection_id], found)
            messages.add_message(request, LEVELS[found.outcome], said)

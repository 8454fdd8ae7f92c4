"""The page of a limit's raises: made and ended there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from accounts.admin.model_admin import ModelAdmin
from accounts.admin.person_field import is_id
from limits.admin.forms import RaiseForm
from limits.admin.used import people_of
from limits.choices import Metric
from limits.configuration.descriptions import amount_in_words, limit_in_words
from limits.configuration.raises import end_raises, raise_limit
from limits.models import Limit, LimitChange

MOST_RAISES = 50


class Shown(NamedTuple):
    pk: int
    amount: str
    whose: str
    until: datetime
    reason: str
    made_by: str
    is_in_force: bool


class RaisesLimits(ModelAdmin):
    actions_detail = ("raise_until",)

    def has_raise_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self.has_change_permission(request)

    @action(
        description="Raise until …", icon="trending_up", url_path="raise", permissions=["raise"]
    )
    def raise_until(self, request: HttpRequest, object_id: str) -> HttpResponse:
        limit = self.get_object(request, object_id)
        if limit is None:
            messages.error(request, "There is no such limit.")
            return HttpResponseRedirect(reverse("admin:limits_limit_changelist"))
        if request.method == "POST" and "end" in request.POST:
            return self._end(request, limit)
        form = RaiseForm(limit, request.POST or None)
        if form.is_valid():
            change = raise_limit(limit, form.spec, made_by=request.user.get_username())
            self.log_change(request, limit, f"Raised to {change}.")
            messages.success(request, f"{limit} is raised to {change}.")
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Raise {limit}",
            "opts": self.opts,
            "limit": limit,
            "original": limit,
            "in_words": limit_in_words(limit),
            "form": form,
            "rows": _rows(limit),
        }
        return TemplateResponse(request, "admin/limits/raises.html", context)

    def _end(self, request: HttpRequest, limit: Limit) -> HttpResponse:
        number = request.POST["end"]
        rows = limit.changes.filter(pk=number if is_id(number) else 0, until__gt=timezone.now())
        for row in rows:
            end_raises([row])
            self.log_change(request, limit, f"Ended the raise to {row.amount.normalize():f}.")
            messages.success(request, "The raise has ended.")
        return HttpResponseRedirect(request.path)


def _rows(limit: Limit) -> list[Shown]:
    # Asked again: the page's limit has only those in force at hand.
    now = timezone.now()
    changes = list(LimitChange.objects.filter(limit=limit)[:MOST_RAISES])
    people: dict[str, Any] = people_of(change.share for change in changes) | {"": "all"}
    return [
        Shown(
            pk=change.pk,
            amount=amount_in_words(Metric(limit.metric), change.amount),
            whose=people[change.share],
            until=change.until,
            reason=change.reason,
            made_by=change.made_by,
            is_in_force=change.until > now,
        )
        for change in changes
    ]

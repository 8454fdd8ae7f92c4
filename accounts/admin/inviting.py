"""Inviting people in the admin: a list of addresses, and the page that shows their links once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from accounts.admin.fields import LinesField
from accounts.admin.shown_once import keep, take
from accounts.claimed_users import folded
from accounts.invitations import InvitationError, invite, link, mail
from accounts.public_url import public_url
from accounts.rights import may_invite

MOST = 50  # of which each may be mailed while the page waits
NAME = "invited"


class InviteForm(forms.Form):
    people = LinesField(
        label="Mail addresses", help_text=f"One per line, {MOST} at most. Each gets a user."
    )
    groups = forms.ModelMultipleChoiceField(
        queryset=Group.objects.all(),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text="They say which models these people may use.",
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not viewer.is_superuser:
            del self.fields["groups"]

    def clean_people(self) -> list[str]:
        # By the address that is invited: a second invitation would end the link of the first.
        people = list({folded(text): text for text in self.cleaned_data["people"]}.values())
        if len(people) > MOST:
            raise forms.ValidationError(f"Give {MOST} addresses at most.")
        return people


class InvitesPeople:
    """For the ``ModelAdmin`` of users."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view  # type: ignore[attr-defined]
        return [
            path("invite/", wrap(self.invite_page), name="accounts_user_invite"),
            path("invited/", wrap(self.invited_page), name="accounts_user_invited"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def invite_page(self, request: HttpRequest) -> HttpResponse:
        """Ask for addresses; a form with some makes the users and leads to their links."""
        if not may_invite(request.user):
            raise PermissionDenied
        is_sent = request.method == "POST" and "people" in request.POST
        initial = {
            "people": [request.GET.get("person", "")],
            "groups": request.GET.getlist("group"),
        }
        form = InviteForm(request.POST if is_sent else None, viewer=request.user, initial=initial)
        if form.is_valid():
            groups = form.cleaned_data.get("groups") or ()
            keep(request, NAME, self._invite(request, form.cleaned_data["people"], groups))
            return redirect("admin:accounts_user_invited")
        return self._page(request, "invite", {"title": "Invite people", "form": form})

    def invited_page(self, request: HttpRequest) -> HttpResponse:
        """Show the links once, to the session that made them."""
        if not may_invite(request.user):
            raise PermissionDenied
        told = take(request, NAME) or {"invited": [], "refused": []}
        response = self._page(request, "invited", {"title": "Invited", **told})
        response.headers["Cache-Control"] = "no-store"
        return response

    def _invite(
        self, request: HttpRequest, people: list[str], groups: Sequence[Group]
    ) -> dict[str, Any]:
        admin: Any = self
        viewer: Any = request.user
        invited, refused = [], []
        for address in people:
            try:
                row, token = invite(address, groups=groups, made_by=viewer)
            except InvitationError as exc:
                refused.append([address, str(exc)])
                continue
            admin.log_change(request, row.user, "Invited.")
            url = link(token, public_url(request))
            invited.append([row.user.username, row.user.pk, row.email, url, mail(row, url)])
        return {"invited": invited, "refused": refused}

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
        admin: Any = self
        whole = admin.admin_site.each_context(request) | {"opts": admin.opts} | context
        return TemplateResponse(request, f"admin/accounts/user/{name}.html", whole)

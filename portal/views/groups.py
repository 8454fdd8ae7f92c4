"""The pages of groups: for those who look after one, and for those who are invited."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import groups
from portal.forms import InvitationForm
from portal.page import Section, page, page_of_person, person_of
from portal.reading.group_limits import limits_of_group
from portal.refusals import RefusedError
from portal.views.keys import add_to


@require_safe
@page_of_person
def group_list(request: HttpRequest) -> HttpResponse:
    """The groups that one is in or looks after, and the invitations that wait."""
    user = person_of(request)
    context = {"invitations": groups.invitations_for(user)}
    return page(request, "groups.html", Section.GROUPS, context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_of_person
def group(request: HttpRequest, group_id: int) -> HttpResponse:
    """Members with their keys' hints and usage, limits, and the form that invites."""
    manager = person_of(request)
    managed = groups.managed_group(manager, group_id)
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        try:
            row = groups.invite(manager, managed, form.cleaned_data["email"])
        except RefusedError as exc:
            add_to(form, exc)
        else:
            messages.success(
                request, f"{row.email} is invited, and a member after accepting that here."
            )
            return redirect("portal:group", managed.pk)
    context = {
        "group": managed,
        "members": groups.members_of(managed, now=datetime.now(UTC)),
        "invitations": managed.portal_invitations.all(),
        "limits": limits_of_group(managed),
        "form": form,
    }
    return page(request, "group.html", Section.GROUPS, context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_of_person
def remove_member(request: HttpRequest, group_id: int, user_id: int) -> HttpResponse:
    """Asks first."""
    manager = person_of(request)
    managed = groups.managed_group(manager, group_id)
    member = groups.member_of(managed, user_id)
    if request.method == "POST":
        try:
            groups.remove_member(manager, managed, user_id)
        except RefusedError as exc:
            messages.error(request, exc.message)
        else:
            messages.success(request, f"{member} is no member of {managed} any more.")
        return redirect("portal:group", managed.pk)
    context = {"group": managed, "member": member}
    return page(request, "remove_member.html", Section.GROUPS, context)


@require_POST
@page_of_person
def withdraw_invitation(request: HttpRequest, group_id: int, invitation_id: int) -> HttpResponse:
    managed = groups.managed_group(person_of(request), group_id)
    groups.withdraw_invitation(managed, invitation_id)
    return redirect("portal:group", managed.pk)


@require_POST
@page_of_person
def answer_invitation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    user, is_accepted = person_of(request), "accept" in request.POST
    try:
        joined: Group = groups.answer(user, invitation_id, is_accepted=is_accepted)
    except RefusedError as exc:
        if type(exc) is not RefusedError:
            raise
        messages.error(request, exc.message)
    else:
        told = f"You are a member of {joined} now." if is_accepted else f"You stay out of {joined}."
        messages.success(request, told)
    return redirect("portal:groups")

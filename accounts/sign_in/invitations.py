"""The pages behind the link of an invitation: it opens once, and gives a way to sign in.

The link leads on at once to an address without its token; the session remembers the invitation for
minutes. So the page that asks for a password is at no address worth stealing. A look at the link
uses nothing up, since mail scanners look, too; what the person chooses does.
"""

from __future__ import annotations

from http import HTTPStatus

from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.invitations import InvitationError, accept, waiting_for
from accounts.models import Invitation
from accounts.sign_in.followed_links import forget, has_followed_one, invitation_of, remember
from accounts.sign_in.limits import take_password_try
from accounts.sign_in.passwords import refuse_when_sso_only

# Tries of tokens are counted as those of passwords are. No user has a name with a blank.
COUNTED_AS = "an invitation"


@login_not_required
@never_cache
@require_GET
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """Remember a token that opens something, and lead on."""
    try:
        tries = take_password_try(request, COUNTED_AS)
    except ValidationError:  # middleware tells when to come again
        return render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    invitation = waiting_for(token)
    if invitation is None:
        return _ended(request)
    tries.give_back()
    remember(request, invitation)
    return redirect("invitation")


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def choose_way_in(request: HttpRequest) -> HttpResponse:
    """Ask for a password, or lead to the provider; with a password, sign in."""
    if not has_followed_one(request):
        return redirect("account_login")
    invitation = invitation_of(request)
    if invitation is None:
        return _ended(request)
    if request.user.is_authenticated:
        forget(request)
        return render(request, "account/invitation_of_another.html", {"invitation": invitation})
    form = SetPasswordForm(invitation.user, request.POST or None)
    if request.method == "POST":
        refuse_when_sso_only()
        if form.is_valid():
            return _sign_in(request, invitation, form.cleaned_data["new_password1"])
    context = {
        "form": form,
        "invitation": invitation,
        "takes_passwords": not settings.GATEWAY_SSO_ONLY,
    }
    return render(request, "account/invitation.html", context)


def _sign_in(request: HttpRequest, invitation: Invitation, password: str) -> HttpResponse:
    try:
        user = accept(invitation.pk, password=password)
    except InvitationError:
        return _ended(request)
    forget(request)
    user.backend = "accounts.sign_in.passwords.PasswordBackend"
    answer: HttpResponse = perform_login(request, Login(user=user))
    return answer


def _ended(request: HttpRequest) -> HttpResponse:
    forget(request)
    return render(request, "account/invitation_ended.html", status=HTTPStatus.NOT_FOUND)

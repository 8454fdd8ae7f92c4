"""The admin's own sign-in gives way to the one of everybody, where throttling and factors are."""

from __future__ import annotations

import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401 - all three register their tables
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, resolve, reverse

from accounts.admin.autocomplete import autocomplete
from accounts.sign_in.passwords import change_password_in_admin

# allauth has just registered its own tables, some with secrets; none should be edited by hand.
admin.site.unregister([EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken])


def sign_out(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    """The sign-out of everybody, which ends the session at the provider, too."""
    path = reverse("account_logout").removeprefix(get_script_prefix())
    answer: HttpResponse = resolve(f"/{path}").func(request)
    return answer


admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.password_change = change_password_in_admin  # type: ignore[method-assign,assignment]
admin.site.logout = sign_out  # type: ignore[method-assign,assignment]
admin.site.autocomplete_view = autocomplete  # type: ignore[method-assign]

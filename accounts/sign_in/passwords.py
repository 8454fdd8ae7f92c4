"""Passwords, which ``GATEWAY_SSO_ONLY`` turns off wherever one could be given."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.views import LoginView
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.models import User
from accounts.sign_in.followed_links import forget

View = Callable[..., HttpResponse]


def refuse_when_sso_only() -> None:
    """Raises ``PermissionDenied`` where people sign in with their provider alone."""
    if settings.GATEWAY_SSO_ONLY:
        raise PermissionDenied("Sign in with your identity provider.")


def where_passwords_count(view: View) -> View:
    """``view``, refused where people sign in with their provider alone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refuse_when_sso_only()
        return view(request, *args, **kwargs)

    return guarded


def for_those_with_a_password(view: View) -> View:
    """``view``, refused to a person without a password, whom allauth would lead to a page that sets
    one. The gateway has no such page.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not request.user.has_usable_password():
            raise PermissionDenied("You have no password: you sign in another way.")
        return view(request, *args, **kwargs)

    return guarded


class PasswordBackend(ModelBackend):
    """Django's, which knows no password where people sign in with their provider alone."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if settings.GATEWAY_SSO_ONLY:
            return None
        return super().authenticate(request, username, password, **kwargs)

    async def aauthenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Django's own asks the database by itself, not :meth:`authenticate`."""
        return await sync_to_async(self.authenticate)(request, username, password, **kwargs)


class SignInView(LoginView):
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        forget(request)  # an invitation whose link was followed may be that of somebody else
        answer: HttpResponse = super().get(request, *args, **kwargs)
        return answer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refuse_when_sso_only()
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "takes_passwords": not settings.GATEWAY_SSO_ONLY,
        }


def change_password_in_admin(
    request: HttpRequest, extra_context: dict[str, Any] | None = None
) -> HttpResponse:
    """The admin's page for one's own password: the one of everybody."""
    return HttpResponseRedirect(reverse("account_change_password"))

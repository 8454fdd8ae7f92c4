from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.client_address import address_of_request
from accounts.sign_in.browsers import remember
from accounts.sign_in.limits import normalized, take_password_try


class AccountAdapter(DefaultAccountAdapter):
    """allauth's, without sign-up and mail, and with a page for those who are not let in yet."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        return render(request, "account/account_inactive.html", {"person": user}, status=403)

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of_request(request.META)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """allauth's own limit lets a stranger use up the tries for a name; ours does not."""
        self._tries = take_password_try(request, credentials.get("username", ""))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            self._tries.give_back()
        return user

    def post_login(
        self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any
    ) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        remember(request, response, normalized(user.get_username()))
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("portal:start")

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, str]]:
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)
        if settings.GATEWAY_SSO_ONLY:
            return [method for method in methods if method["id"] != "reauthenticate"]
        return methods

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        # With single sign-on alone, users have no password here that could be asked for again.
        return not settings.GATEWAY_SSO_ONLY and super().is_reauthentication_required(
            app=app, **kwargs
        )

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Gatehouse sends none."""

"""The provider as allauth's registry finds it, by the name of this module."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount import app_settings
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from accounts.oidc.errors import OidcError
from accounts.oidc.flow import OidcFlow
from accounts.oidc.profile import email_of, names_of
from accounts.sign_in.followed_links import PARAMETER, forget, invitation_of


class OidcProvider(OpenIDConnectProvider):
    """allauth's, with a nonce, and deaf to scopes and parameters in the URL of a link."""

    id = "oidc"
    name = "OpenID Connect"
    oauth2_adapter_class = OidcFlow
    supports_token_authentication = False

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        url = reverse("oidc_login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def get_callback_url(self) -> str:
        return reverse("oidc_callback")

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return list(self.get_scope())

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, Any]:
        return dict(self.get_auth_params())

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Raises ``OidcError`` for a subject that no row can hold."""
        uid: str = super().extract_uid(data)
        if not 0 < len(uid) <= app_settings.UID_MAX_LENGTH:
            raise OidcError("the subject is empty or too long")
        return uid

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Without the user name, which is looked for when a user is made."""
        return {"email": email_of(data)[0], **names_of(data)}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        email, is_verified = email_of(data)
        return [EmailAddress(email=email, verified=is_verified, primary=True)] if email else []

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        nonce = secrets.token_urlsafe(24)
        kwargs |= _invitation_of(request, process)
        kwargs["auth_params"] = {**(kwargs.get("auth_params") or {}), "nonce": nonce}
        # allauth stores parameters that it does not know, as these two, in the sign-in's state.
        answer: HttpResponse = super().redirect(
            request, process, next_url=next_url, data=data, nonce=nonce, **kwargs
        )
        return answer


def _invitation_of(request: HttpRequest, process: str) -> dict[str, int]:
    """The invitation on whose page this sign-in begins. Another sign-in ends it."""
    invitation = invitation_of(request) if PARAMETER in request.GET else None
    if invitation is None or process != AuthProcess.LOGIN:
        forget(request)
        return {}
    return {PARAMETER: invitation.pk}


provider_classes = [OidcProvider]

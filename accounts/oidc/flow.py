from __future__ import annotations

from typing import Any

import requests
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.http import HttpRequest
from django.urls import reverse

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


class OidcError(OAuth2Error):
    """The provider's answer is refused. The message holds nothing of it, and may be logged."""


class OidcFlow(OpenIDConnectOAuth2Adapter):
    """allauth's code flow, held to what it leaves open: who issued, and about whom."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The issuer's discovery document. Raises ``OidcError``."""
        try:
            document: dict[str, Any] = super().openid_config
        except requests.RequestException as exc:
            raise OidcError("the provider does not answer") from exc
        if str(document.get("issuer")).rstrip("/") != self.provider_id.rstrip("/"):
            raise OidcError("the discovery document is that of another issuer")
        if missing := [name for name in ENDPOINTS if not document.get(name)]:
            raise OidcError(f"the discovery document has no {', '.join(missing)}")
        return document

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Raises ``OidcError`` without an ID token, or when it speaks of somebody else."""
        if not kwargs["response"].get("id_token"):
            raise OidcError("the provider sent no ID token")
        login = super().complete_login(request, app, token, **kwargs)
        claims = login.account.extra_data
        if claims["userinfo"].get("sub") != claims["id_token"]["sub"]:
            raise OidcError("the user info is that of somebody else")
        return login

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return str(
            build_absolute_uri(request, reverse("oidc_callback"), self.redirect_uri_protocol)
        )

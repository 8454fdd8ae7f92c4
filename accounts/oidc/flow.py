"""The way to the provider and back: allauth's code flow, held to what it leaves open."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import Any

import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.http import HttpRequest
from django.urls import reverse

from accounts.oidc.errors import OidcError
from accounts.oidc.id_tokens import read_id_token
from accounts.oidc.signing_out import note_sign_out

# Without `userinfo_endpoint` the ID token has to tell everything.
ENDPOINTS = ("authorization_endpoint", "token_endpoint")


class OidcFlow(OpenIDConnectOAuth2Adapter):
    @cached_property
    def openid_config(self) -> dict[str, Any]:
        """The issuer's discovery document. Raises ``OidcError``."""
        document = _asked(self.get_provider().server_url, what="discovery document")
        if str(document.get("issuer")).rstrip("/") != self.provider_id.rstrip("/"):
            raise OidcError("the discovery document is that of another issuer")
        if missing := [name for name in ENDPOINTS if not document.get(name)]:
            raise OidcError(f"the discovery document has no {', '.join(missing)}")
        return document

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Raises ``OidcError`` without an ID token, or when it speaks of somebody else."""
        id_token = kwargs["response"].get("id_token")
        if not id_token or not isinstance(id_token, str):
            raise OidcError("the provider sent no ID token")
        claims = read_id_token(
            id_token, issuer=self.openid_config["issuer"], client_id=app.client_id
        )
        userinfo = self._userinfo(token.token)
        if userinfo and userinfo.get("sub") != claims["sub"]:
            raise OidcError("the user info is that of somebody else")
        note_sign_out(token, id_token, self.openid_config.get("end_session_endpoint"))
        data = {"userinfo": userinfo, "id_token": claims}
        login: SocialLogin = self.get_provider().sociallogin_from_response(request, data)
        return login

    def _userinfo(self, access_token: str) -> dict[str, Any]:
        url = self.openid_config.get("userinfo_endpoint")
        if not url:
            return {}
        return _asked(url, what="user info", headers={"Authorization": f"Bearer {access_token}"})

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return str(
            build_absolute_uri(request, reverse("oidc_callback"), self.redirect_uri_protocol)
        )


def _asked(url: str, *, what: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON object at ``url``. Raises ``OidcError``, which tells ``what`` was not to be had."""
    try:
        with get_adapter().get_requests_session() as session:
            response = session.get(url, headers=headers)
    except requests.RequestException as exc:
        raise OidcError(f"the provider does not answer with its {what}") from exc
    if response.status_code != HTTPStatus.OK:
        raise OidcError(f"the provider answers with {response.status_code} for its {what}")
    try:
        answer = response.json()
    except ValueError as exc:
        raise OidcError(f"the provider's {what} is not JSON") from exc
    if not isinstance(answer, dict):
        raise OidcError(f"the provider's {what} is not an object")
    return answer

"""The two ends of the way to the provider and back, and the way out."""

from __future__ import annotations

from allauth.account.internal.decorators import login_not_required
from allauth.account.views import LogoutView
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2CallbackView,
    OAuth2LoginView,
    OAuth2View,
)
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from accounts.oidc.flow import OidcFlow
from accounts.oidc.signing_out import sign_out_url


@login_not_required
def login(request: HttpRequest) -> HttpResponse:
    return _dispatch(OAuth2LoginView, request)


@login_not_required
def callback(request: HttpRequest) -> HttpResponse:
    return _dispatch(OAuth2CallbackView, request)


class SignOutView(LogoutView):
    """Leads on to the provider after a sign-in with it, so that both sessions end."""

    def get_redirect_url(self) -> str:
        return sign_out_url(self.request) or str(super().get_redirect_url())


def _dispatch(view: type[OAuth2View], request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise Http404("No provider is configured.")
    flow = OidcFlow(request, settings.OIDC_ISSUER)
    answer: HttpResponse
    try:
        answer = view.adapter_view(flow)(request)
    except OAuth2Error as exc:
        answer = render_authentication_error(request, flow.get_provider(), exception=exc)
    return answer

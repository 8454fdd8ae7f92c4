"""Light, dark, or as the system says: a cookie, so that pages come in their colours at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE_NAME = "portal_theme"
THEMES = frozenset({"light", "dark"})
A_YEAR = 365 * 24 * 3600


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice of the form, or forget it; back to the page that has the form."""
    response = redirect(_page_before(request))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(COOKIE_NAME, theme, max_age=A_YEAR, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(COOKIE_NAME)
    return response


def _page_before(request: HttpRequest) -> str:
    told = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        told, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # Without its slash it would be taken for the name of a view.
    return told if is_ours and told.startswith("/") else "portal:start"

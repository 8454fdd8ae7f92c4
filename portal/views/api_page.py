"""``/v1`` in a browser: programs get JSON there, people an explanation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.public_url import base_url
from accounts.snippets import snippets
from portal.page import Section, caller_in, page
from portal.reading.models import view_of
from portal.views.start import model_for_snippets


@require_safe
def api_page(request: HttpRequest) -> HttpResponse:
    """For everybody; a person who is signed in sees a model of theirs in the examples."""
    is_person = request.user.is_authenticated
    model = model_for_snippets(view_of(caller_in(request))) if is_person else ""
    context = {
        "base_url": base_url(request),
        "snippets": snippets("", base_url(request), model)[:4],
    }
    response = page(request, "api.html", Section.START, context)
    response.headers["Cache-Control"] = "no-store"
    return response

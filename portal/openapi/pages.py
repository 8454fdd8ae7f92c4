"""``/docs``: the same for people, with a link to the document."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts.public_url import base_url
from portal.openapi.document import document
from portal.openapi.reading import subjects_of
from portal.page import Section, page, page_of_person


@require_safe
@page_of_person
def docs(request: HttpRequest) -> HttpResponse:
    described = document(base_url(request))
    context = {"base_url": base_url(request), "subjects": subjects_of(described)}
    return page(request, "docs.html", Section.API, context)


@require_safe
@page_of_person
def download(request: HttpRequest) -> HttpResponse:
    """The document, for people who have no key at hand."""
    response = JsonResponse(document(base_url(request)), json_dumps_params={"indent": 2})
    response.headers["Content-Disposition"] = 'inline; filename="openapi.json"'
    return response

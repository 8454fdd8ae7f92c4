"""The page, and what its script asks of it besides the API."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix
from django.views.decorators.http import require_POST, require_safe

from accounts.playground_tokens import (
    LIFETIME,
    PlaygroundRefusedError,
    PlaygroundRevokedError,
    make_playground_token,
)
from accounts.public_url import base_url
from portal.page import Section, page, page_of_person, person_of
from portal.playground.outcomes import outcome_of
from portal.playground.own_models import own_models

View = Callable[..., HttpResponseBase]


def for_script(view: View) -> View:
    """A view of JSON for people who are signed in: a redirect would tell a script nothing."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase
        if request.user.is_authenticated:
            response = view(request, *args, **kwargs)
        else:
            message = "You are signed out. Reload this page to sign in again."
            response = refusal(message, "signed_out", HTTPStatus.UNAUTHORIZED)
        response.headers["Cache-Control"] = "no-store"
        return response

    return guarded


def where_it_is_on(view: View) -> View:
    """A view that is not there where ``GATEWAY_PLAYGROUND`` turns the playground off."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.GATEWAY_PLAYGROUND:
            raise Http404("There is no playground here.")
        return view(request, *args, **kwargs)

    return guarded


def refusal(message: str, code: str, status: HTTPStatus) -> HttpResponse:
    """An error in the form that the API has for them."""
    return JsonResponse({"error": {"message": message, "code": code}}, status=status)


@where_it_is_on
@require_safe
@page_of_person
def start(request: HttpRequest) -> HttpResponse:
    context = {
        "api": f"{get_script_prefix()}v1",
        "base_url": base_url(request),
        "names": ("First model", "Second model"),
    }
    return page(request, "playground.html", Section.PLAYGROUND, context)


@where_it_is_on
@require_POST
@for_script
def token(request: HttpRequest) -> HttpResponse:
    """A token for the tab that asks. It is shown here alone."""
    try:
        made = make_playground_token(person_of(request))
    except PlaygroundRevokedError as exc:
        return refusal(str(exc), "playground_revoked", HTTPStatus.FORBIDDEN)
    except PlaygroundRefusedError as exc:
        answer = refusal(str(exc), "too_many_tokens", HTTPStatus.TOO_MANY_REQUESTS)
        answer.headers["Retry-After"] = str(int(LIFETIME.total_seconds()))
        return answer
    return JsonResponse({"token": made.value, "seconds": made.seconds})


@where_it_is_on
@require_safe
@for_script
def models(request: HttpRequest) -> HttpResponse:
    """The models of the person, with what each takes."""
    return JsonResponse({"object": "list", "data": own_models(person_of(request))})


@where_it_is_on
@require_safe
@for_script
def outcome(request: HttpRequest, request_id: str) -> HttpResponse:
    """The record of one request of the person."""
    found = outcome_of(person_of(request), request_id)
    if found is None:
        return refusal("There is no such request.", "not_found", HTTPStatus.NOT_FOUND)
    return JsonResponse(found)

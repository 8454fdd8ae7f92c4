"""What all pages of the portal share: the sign-in they ask for, their frame, and their headers."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from accounts.caller import Caller
from accounts.models import User
from portal.refusals import NotTheirsError
from portal.standing import standing_in

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class Section(StrEnum):
    """The entry of the navigation that a page belongs to."""

    START = "start"
    KEYS = "keys"
    MODELS = "models"
    USAGE = "usage"
    PLAYGROUND = "playground"
    GROUPS = "groups"
    API = "api"


def page_of_person(view: View[P]) -> View[P]:
    """A view for everybody who is signed in. No cache keeps its pages.

    What is not the person's is answered as what is not there.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except NotTheirsError as exc:
            raise Http404(exc.message) from exc
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return cast("View[P]", login_required(guarded))


def person_of(request: HttpRequest) -> User:
    """The person who is signed in. All queries of the portal's pages are narrowed to them."""
    if not isinstance(request.user, User):
        raise TypeError("only a view behind `page_of_person` has a person")
    return request.user


def caller_in(request: HttpRequest) -> Caller:
    """The person who is signed in, as a caller whose key is not narrowed."""
    user = person_of(request)
    return standing_in(request, user).caller(user)


def page(
    request: HttpRequest,
    template: str,
    section: Section,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """``templates/portal/<template>`` in the portal's frame, with ``section`` marked."""
    frame: dict[str, Any] = {
        "section": section,
        "has_playground": settings.GATEWAY_PLAYGROUND,
    }
    if request.user.is_authenticated:
        frame["standing"] = standing_in(request, person_of(request))
    return render(request, f"portal/{template}", frame | (context or {}), status=status)

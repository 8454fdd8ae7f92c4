"""The page of a failure, which knows the chosen theme and asks the database nothing.

Django renders its own without the request, since context processors may fail as well.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseServerError
from django.template import loader


def server_error(request: HttpRequest) -> HttpResponseServerError:
    page = loader.get_template("500.html")
    return HttpResponseServerError(page.render({"request": request}))

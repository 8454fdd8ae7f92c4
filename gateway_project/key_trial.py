"""The button "Test from here": asks the API for the models of a key, as its clients do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from accounts.models import ApiKey

MODELS = "/v1/models"
MOST_NAMED = 12
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """``sentence`` says how it went; ``names`` are the first of the models that may be used."""

    is_good: bool
    sentence: str
    names: tuple[str, ...] = ()


@require_http_methods(["GET", "POST"])
def try_key_page(request: HttpRequest) -> HttpResponse:
    """Say what the ``key`` of the form may use, which no page repeats. Wrap in ``admin_view``."""
    if not request.user.has_perm("accounts.view_apikey"):
        raise PermissionDenied
    trial = None
    if request.method == "POST":
        trial = try_key(request, request.POST.get("key", "").strip()[:LONGEST_KEY])
    is_piece = "HX-Request" in request.headers
    context = {"trial": trial}
    if not is_piece:
        context |= admin.site.each_context(request) | {"title": "Test a key", "opts": ApiKey._meta}
    name = "trial" if is_piece else "try_key"
    response = TemplateResponse(request, f"admin/accounts/apikey/{name}.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def try_key(request: HttpRequest, key: str) -> Trial:
    if not key or not key.isascii() or not key.isprintable():
        return Trial(is_good=False, sentence="Paste a key.")
    status, body = async_to_sync(_asked)(request.get_host(), request.scheme or "http", key)
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {}
    if status != 200:
        message = answer.get("error", {}).get("message") or "No reason was given."
        return Trial(is_good=False, sentence=f"{status}: {message}")
    names = [entry["id"] for entry in answer.get("data", [])]
    if not names:
        return Trial(
            is_good=False,
            sentence="The key is accepted, but opens no model: grant one to its user.",
        )
    plural = "model" if len(names) == 1 else "models"
    return Trial(
        is_good=True,
        sentence=f"It works. {len(names)} {plural} may be used with it.",
        names=tuple(names[:MOST_NAMED]),
    )


async def _asked(host: str, scheme: str, key: str) -> tuple[int, bytes]:
    """The status and the body of ``GET /v1/models``, from the API in this process."""
    from gateway_project.entry import api_application  # which imports the pages

    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": scheme,
        "path": MODELS,
        "raw_path": MODELS.encode(),
        "root_path": "",
        "query_string": b"all=true",
        "headers": [
            (b"host", host.encode()),
            (b"authorization", f"Bearer {key}".encode()),
        ],
        "client": None,
        "server": None,
        "extensions": {},
    }
    await api_application(scope, receive, send)
    return status, b"".join(parts)

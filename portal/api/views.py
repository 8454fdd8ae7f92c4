"""``/v1/me`` and what is below it but for keys: models, usage, requests, access."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.core.exceptions import BadRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.models import User
from models_registry.registry import active
from portal.access import ask_for, requests_of, withdraw
from portal.allowance import Allowance, allowance_of
from portal.api.own import OwnView, field_of
from portal.models import AccessRequest
from portal.reading import models as own_models
from portal.reading import requests as own_requests
from portal.reading.own_usage import PERIODS, usage_of
from portal.refusals import NotTheirsError
from proxy.client_side.errors import InvalidRequestError, ModelNotFoundError
from proxy.client_side.rendering import JsonResponse
from proxy.views.item_pages import asked_page, page_of
from usage.explorer.asked import Cursor
from usage.explorer.listing import NEWEST_FIRST, OLDEST_FIRST
from wire_formats.json_types import JsonObject

USUAL_DAYS = "30"
MOST_REQUESTS_FOR_ACCESS = 100


class MeView(OwnView):
    """``GET /v1/me``: who the caller is, with which key, and what they may do themselves."""

    async def get(self, request: Request) -> HttpResponseBase:
        self.refuse_records_of_those_spoken_for()
        return JsonResponse(await self.for_user(_me) | {"key": self._key()})

    def _key(self) -> JsonObject:
        caller = self.caller
        return {
            "id": str(caller.key_id),
            "hint": caller.key_hint,
            "scopes": sorted(caller.scopes),
            "models": list(caller.model_patterns),
        }


class MyModelsView(OwnView):
    """``GET /v1/me/models``: what this key may call, with prices, speed and state."""

    async def get(self, request: Request) -> HttpResponseBase:
        await active().settled()
        found = await database_sync_to_async(own_models.models_of)(self.caller)
        return JsonResponse(page_of([model.as_json() for model in found], has_more=False))


class MyModelView(OwnView):
    """``GET /v1/me/models/{id}``"""

    async def get(self, request: Request, model_id: str) -> HttpResponseBase:
        found = await database_sync_to_async(own_models.model_of)(self.caller, model_id)
        if found is None:
            raise ModelNotFoundError(model_id)
        return JsonResponse(found.as_json())


class MyUsageView(OwnView):
    """``GET /v1/me/usage?days=30``: sums, by day, by model and by key."""

    async def get(self, request: Request) -> HttpResponseBase:
        text = request.query_params.get("days", USUAL_DAYS)
        if text not in {str(days) for days in PERIODS}:
            raise InvalidRequestError(
                f"`days` must be one of {', '.join(map(str, PERIODS))}.", param="days"
            )
        now = datetime.now(UTC)
        used = await sync_to_async(usage_of)([self.caller.user_id], int(text), now=now)
        return JsonResponse(
            {
                "object": "usage",
                "since": used.period.since.isoformat(),
                "until": now.isoformat(),
                "total": used.total.as_json(),
                "by_day": [line.as_json() for line in used.by_day if line.requests],
                "by_model": [line.as_json() for line in used.by_model],
                "by_key": [line.as_json() for line in used.by_key],
            }
        )


class MyRequestsView(OwnView):
    """``GET /v1/me/requests``: the newest first, with ``limit``, ``order`` and ``after``, and the
    filters of the page."""

    async def get(self, request: Request) -> HttpResponseBase:
        self.refuse_records_of_those_spoken_for()
        return JsonResponse(await self.for_user(_requests, request.query_params.dict()))


class MyRequestView(OwnView):
    """``GET /v1/me/requests/{id}``"""

    async def get(self, request: Request, request_id: str) -> HttpResponseBase:
        self.refuse_records_of_those_spoken_for()
        row = await self.for_user(own_requests.request_of, request_id)
        return JsonResponse(own_requests.as_json(row, is_whole=True))


class MyAccessView(OwnView):
    """``GET`` and ``POST /v1/me/access-requests``: asking an admin for a model."""

    async def get(self, request: Request) -> HttpResponseBase:
        self.refuse_records_of_those_spoken_for()
        rows = await self.for_user(_asked)
        return JsonResponse(page_of([access_json(row) for row in rows], has_more=False))

    async def post(self, request: Request) -> HttpResponseBase:
        self.refuse_those_who_speak_for_others()
        model = field_of(self.payload, "model", str, "")
        reason = field_of(self.payload, "reason", str, "")
        row = await self.for_user(ask_for, model, reason)
        return JsonResponse(access_json(row), status=201)


class MyAccessDetailView(OwnView):
    """``DELETE /v1/me/access-requests/{id}`` withdraws one."""

    async def delete(self, request: Request, access_id: int) -> HttpResponseBase:
        self.refuse_those_who_speak_for_others()
        return JsonResponse(access_json(await self.for_user(withdraw, access_id)))


def access_json(row: AccessRequest) -> JsonObject:
    return {
        "id": str(row.pk),
        "object": "access_request",
        "model": row.model,
        "reason": row.reason,
        "state": row.state,
        "created_at": row.created_at.isoformat(),
        "decided_at": None if row.decided_at is None else row.decided_at.isoformat(),
        "words": row.words or None,
    }


def _me(user: User) -> JsonObject:
    return {
        "id": str(user.pk),
        "object": "user",
        "username": user.username,
        "email": user.email,
        "name": user.display_name,
        "groups": list(user.groups.order_by("name").values_list("name", flat=True)),
        "may": _may(allowance_of(user)),
    }


def _may(allowed: Allowance) -> JsonObject:
    return {
        "make_keys": allowed.may_make_keys,
        "keys_at_most": allowed.most_keys,
        "days_at_most": allowed.longest.days if allowed.longest else None,
        "models": list(allowed.patterns),
    }


def _requests(user: User, query: dict[str, str]) -> JsonObject:
    page = asked_page(query)
    try:
        asked = own_requests.asked_of(
            {name: query[name] for name in query if name not in own_requests.PLACES},
            now=datetime.now(UTC),
        )
    except BadRequest as exc:
        raise InvalidRequestError("The query has a value that cannot be read.") from exc
    rows: Any = asked.rows(own_requests.rows_of(user))
    if page.after:
        try:
            before = own_requests.request_of(user, page.after)
        except NotTheirsError as exc:
            raise InvalidRequestError(
                "`after` must be the id of a request.", param="after"
            ) from exc
        place = Cursor.of(before)
        rows = rows.filter(place.newer if page.is_ascending else place.older)
    order = OLDEST_FIRST if page.is_ascending else NEWEST_FIRST
    found = list(rows.order_by(*order)[: page.limit + 1])
    items = [own_requests.as_json(row) for row in found[: page.limit]]
    return page_of(items, has_more=len(found) > page.limit)


def _asked(user: User) -> list[AccessRequest]:
    return list(requests_of(user)[:MOST_REQUESTS_FOR_ACCESS])

"""``/v1/me/keys``: keys that are made, rotated and revoked by a program."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.caller import Scope
from accounts.models import ApiKey, User
from portal.api.own import KeyView, field_of, forbidden, strings_of
from portal.keys import (
    LONGEST_OVERLAP,
    NewKey,
    key_of,
    keys_of,
    make_key,
    revoke_key,
    rotate_key,
)
from proxy.client_side.errors import InvalidRequestError
from proxy.client_side.rendering import JsonResponse
from proxy.views.item_pages import page_of
from wire_formats.json_types import JsonObject

MOST_KEYS = 200
DAY_HOURS = 24
MOST_DAYS = 36_500


class KeysView(KeyView):
    """``GET`` lists one's keys with the scope ``keys``, else the key that asks; ``POST`` makes."""

    async def get(self, request: Request) -> HttpResponseBase:
        self.refuse_those_who_speak_for_others()
        if not self.caller.has_scope(Scope.INFERENCE):
            self.needs_scope()
        keys = await self.for_user(_listed)
        if not self.caller.has_scope(Scope.KEYS):
            keys = [key for key in keys if key.pk == self.caller.key_id]
        return JsonResponse(page_of([as_json(key) for key in keys], has_more=False))

    async def post(self, request: Request) -> HttpResponseBase:
        self.needs_scope()
        asked = _new_key(self.payload)
        row, key = await self.for_user(make_key, asked, maker=self.caller)
        return JsonResponse(as_json(row) | {"key": key}, status=201, headers=UNKEPT)


class KeyDetailView(KeyView):
    """``GET`` and ``DELETE /v1/me/keys/{id}``: to delete a key is to revoke it."""

    async def get(self, request: Request, key_id: str) -> HttpResponseBase:
        self._check(key_id)
        return JsonResponse(as_json(await self.for_user(key_of, _uuid(key_id))))

    async def delete(self, request: Request, key_id: str) -> HttpResponseBase:
        self._check(key_id)
        row = await self.for_user(revoke_key, _uuid(key_id), maker=self.caller)
        return JsonResponse({"id": str(row.pk), "object": "api_key.deleted", "deleted": True})

    def _check(self, key_id: str) -> None:
        """Each key may look at itself, and revoke itself."""
        self.refuse_those_who_speak_for_others()
        if key_id.lower() != str(self.caller.key_id):
            self.needs_scope()


class KeyRotationView(KeyView):
    """``POST /v1/me/keys/{id}/rotate``"""

    async def post(self, request: Request, key_id: str) -> HttpResponseBase:
        self.needs_scope()
        if key_id.lower() == str(self.caller.key_id):
            raise forbidden("A key does not rotate itself: a thief could keep it so.")
        hours = field_of(self.payload, "overlap_hours", int, DAY_HOURS)
        if not 0 <= hours <= LONGEST_OVERLAP // timedelta(hours=1):
            raise InvalidRequestError(
                "`overlap_hours` must be an integer from 0 to 168.", param="overlap_hours"
            )
        row, key = await self.for_user(
            rotate_key, _uuid(key_id), timedelta(hours=hours), maker=self.caller
        )
        return JsonResponse(as_json(row) | {"key": key}, headers=UNKEPT)


UNKEPT = {"cache-control": "no-store"}


def as_json(key: ApiKey) -> JsonObject:
    """A key without its secret. Times are in ISO 8601."""
    return {
        "id": str(key.pk),
        "object": "api_key",
        "name": key.name,
        "hint": key.hint,
        "state": key.state.value,
        "scopes": key.scopes,
        "models": key.model_patterns,
        "created_at": _time(key.created_at),
        "expires_at": _time(key.expires_at),
        "last_used_at": _time(key.last_used_at),
        "rotated_at": _time(key.rotated_at),
        "revoked_at": _time(key.revoked_at),
    }


def _listed(user: User) -> list[ApiKey]:
    return list(keys_of(user)[:MOST_KEYS])


def _new_key(body: JsonObject) -> NewKey:
    """Raises ``InvalidRequestError``."""
    days = field_of(body, "expires_in_days", int, None)
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InvalidRequestError(
            f"`expires_in_days` must be an integer from 1 to {MOST_DAYS}.", param="expires_in_days"
        )
    return NewKey(
        name=field_of(body, "name", str, ""),
        lifetime=None if days is None else timedelta(days=days),
        patterns=strings_of(body, "models"),
        manages_keys=Scope.KEYS in strings_of(body, "scopes"),
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)  # the id of no key


def _time(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat()

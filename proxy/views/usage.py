"""``GET /v1/usage``: what one used oneself; for administrators, what anybody did."""

from __future__ import annotations

from datetime import UTC, datetime

from channels.db import database_sync_to_async
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.administration import NEEDS, USAGE_OF_OTHERS
from accounts.departures import user_id_of
from proxy.api import ApiView
from proxy.client_side.errors import AnsweredError, InvalidRequestError
from proxy.client_side.rendering import JsonResponse
from usage.periods import PeriodError, read_moment
from usage.reports import By, report

EVERYBODY = "all"


class UsageView(ApiView):
    """``?by=model&since=7d&until=…``; ``?user=NAME`` and ``?user=all`` are administrative."""

    permission_classes = ()  # no scope is needed: owners may see their own usage

    async def get(self, request: Request) -> HttpResponseBase:
        by = self._by()
        since = self._moment("since", default="7d")
        until = self._moment("until", default="")
        user_id = await self._user_id()
        lines = await database_sync_to_async(report)(by, since=since, until=until, user_id=user_id)
        return JsonResponse(
            {
                "object": "list",
                "by": by,
                "since": since.isoformat(),
                "until": until.isoformat(),
                "data": [line.as_json() for line in lines],
            }
        )

    def _by(self) -> By:
        try:
            return By(self.api_request.GET.get("by", By.MODEL))
        except ValueError:
            raise InvalidRequestError(f"`by` must be one of {', '.join(By)}.", param="by") from None

    def _moment(self, name: str, *, default: str) -> datetime:
        text = self.api_request.GET.get(name, default)
        try:
            return read_moment(text, is_end=name == "until") if text else datetime.now(UTC)
        except (PeriodError, OverflowError) as exc:
            raise InvalidRequestError(str(exc), param=name) from exc

    async def _user_id(self) -> int | None:
        """The user of the query, by id; None for all users."""
        name = self.api_request.GET.get("user", self.caller.username)
        if name == self.caller.username:
            return self.caller.user_id
        if not self.caller.may_administer(*NEEDS[USAGE_OF_OTHERS]):
            raise AnsweredError(
                "The usage of others needs a key with the scope admin, of an administrator who "
                "may see usage records.",
                status=403,
                kind="permission_error",
                param="user",
                code="permission_denied",
            )
        if name == EVERYBODY:
            return None
        is_a_name = "\0" not in name  # PostgreSQL raises an error for it
        user_id = await database_sync_to_async(user_id_of)(name) if is_a_name else None
        if user_id is None:
            raise InvalidRequestError("There is no such user.", param="user")
        return user_id

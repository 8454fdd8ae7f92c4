"""Open WebUI's administrative endpoints: its configuration document, and verification."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from channels.db import database_sync_to_async
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.administration import CONFIG, CONFIG_UPDATE, VERIFY
from connections.configuration import open_webui_config
from connections.configuration.entry import EntryError
from connections.configuration.open_webui_verify import upstream_to_verify
from connections.verify import Step, verify
from models_registry.registry import active
from proxy.api import ApiView
from proxy.client_side.errors import AnsweredError, InvalidRequestError
from proxy.client_side.permissions import MayAdminister
from proxy.client_side.rendering import JsonResponse


class ConfigView(ApiView):
    """``GET /openai/config``"""

    permission_classes = (MayAdminister,)
    administers = CONFIG

    async def get(self, request: Request) -> HttpResponseBase:
        return JsonResponse(await _current())


class ConfigUpdateView(ApiView):
    """``POST /openai/config/update``: answers with the document as it is afterwards."""

    permission_classes = (MayAdminister,)
    administers = CONFIG_UPDATE

    async def post(self, request: Request) -> HttpResponseBase:
        try:
            await database_sync_to_async(open_webui_config.update)(self.payload)
        except EntryError as exc:
            raise InvalidRequestError(f"{exc}.", param=exc.field or None) from exc
        await active().reload()
        return JsonResponse(await _current())


class VerifyView(ApiView):
    """``POST /openai/verify``: the upstream's models and the steps taken, or what is wrong."""

    permission_classes = (MayAdminister,)
    administers = VERIFY

    async def post(self, request: Request) -> HttpResponseBase:
        try:
            upstream = await database_sync_to_async(upstream_to_verify)(self.payload)
        except EntryError as exc:
            raise InvalidRequestError(f"{exc}.", param=exc.field or None) from exc
        found = await verify(
            upstream, client=active().client, caller=self.caller, credential=self.credential
        )
        steps = {"verification": found.as_json()}
        if found.failure is not None:
            error = _error(found.failure)
            return JsonResponse(error.body() | steps, status=error.status)
        return JsonResponse({"object": "list", "data": list(found.models)} | steps)


async def _current() -> dict[str, Any]:
    return await database_sync_to_async(open_webui_config.current_document)()


def _error(step: Step) -> AnsweredError:
    return AnsweredError(
        f"{step.detail} {step.hint}".strip(),
        status=HTTPStatus.BAD_GATEWAY,
        kind="upstream_error",
        param=step.name,
        code="verification_failed",
    )

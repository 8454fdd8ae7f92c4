"""``GET /v1/openapi.json``: the document for programs, such as generators of clients."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from portal.openapi.document import document
from proxy.api import ApiView
from proxy.client_side.rendering import JsonResponse


class OpenApiView(ApiView):
    async def get(self, request: Request) -> HttpResponseBase:
        asked = self.api_request
        root = asked.scope.get("root_path", "")
        return JsonResponse(document(f"{asked.scheme}://{asked.get_host()}{root}/v1"))

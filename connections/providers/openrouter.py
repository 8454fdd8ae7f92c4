from __future__ import annotations

from django.conf import settings

from accounts.caller import Caller
from connections.providers.headers import overlaid
from connections.providers.openai import OpenAIAdapter


class OpenRouterAdapter(OpenAIAdapter):
    """OpenRouter ranks applications by the headers that name them."""

    owned_by = "openrouter"
    is_list_public = True

    def own_headers(self, caller: Caller, chat_id: str = "") -> dict[str, str]:
        attribution = {
            "HTTP-Referer": settings.GATEWAY_ATTRIBUTION_URL,
            "X-Title": settings.GATEWAY_ATTRIBUTION_TITLE,
        }
        return overlaid(attribution, super().own_headers(caller, chat_id))

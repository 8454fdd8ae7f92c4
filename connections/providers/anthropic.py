from __future__ import annotations

from datetime import datetime

from connections.call import Call
from connections.providers.openai import BASE_HEADERS, OpenAIAdapter
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.json_types import JsonObject
from wire_formats.messages.answer_to_chat.answer import MessageTranslation
from wire_formats.messages.answer_to_chat.blocks import client_form
from wire_formats.messages.request_from_chat.request import betas_of, messages_request
from wire_formats.payload import Payload
from wire_formats.translation import Translation

API_VERSION = "2023-06-01"
BETA_HEADER = "anthropic-beta"
PATHS = {
    CHAT_COMPLETIONS: "messages",
    "messages": "messages",
    "messages/count_tokens": "messages/count_tokens",
}


class AnthropicAdapter(OpenAIAdapter):
    """Chat is translated; requests in Anthropic's own form pass as they are."""

    owned_by = "anthropic"
    base_headers = BASE_HEADERS | {"anthropic-version": API_VERSION}
    endpoints = frozenset(PATHS)

    @property
    def base(self) -> str:
        """The base URL, with or without a final ``/v1`` from the admin."""
        return f"{self.upstream.base_url.removesuffix('/v1')}/v1"

    def url(self, endpoint: str, model: str) -> str:
        return f"{self.base}/{PATHS[endpoint]}"

    def models_url(self) -> str:
        return f"{self.base}/models?limit=1000"

    def listed(self, entry: JsonObject) -> JsonObject:
        created_at = entry.get("created_at")
        try:
            created = int(datetime.fromisoformat(str(created_at)).timestamp())
        except (ValueError, OverflowError):  # before the year 2, say
            created = 0
        return entry | {"object": "model", "created": created, "name": entry.get("display_name")}

    def payload(self, call: Call) -> Payload:
        if call.endpoint == CHAT_COMPLETIONS:
            return messages_request(call.body, model=call.model, family=call.family)
        return super().payload(call)

    def headers(self, call: Call, *, forward_user_info: bool) -> dict[str, str]:
        """With the betas that a chat names in its body, beside those of an admin."""
        headers = super().headers(call, forward_user_info=forward_user_info)
        betas = betas_of(call.body) if call.endpoint == CHAT_COMPLETIONS else []
        if not betas:
            return headers
        own = next((name for name in headers if name.lower() == BETA_HEADER), BETA_HEADER)
        named = [name.strip() for name in headers.get(own, "").split(",") if name.strip()]
        return headers | {own: ",".join(dict.fromkeys([*named, *betas]))}

    def translation(self, call: Call) -> Translation | None:
        if call.endpoint != CHAT_COMPLETIONS:
            return None
        return MessageTranslation(client_form(call.body))

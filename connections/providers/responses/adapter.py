from __future__ import annotations

from connections.call import Call
from connections.providers.azure import AzureAdapter
from connections.providers.openai import OpenAIAdapter
from connections.providers.payload import Payload
from connections.providers.responses.answer import ResponseTranslation
from connections.providers.responses.request import responses_request
from connections.translation.base import Translation


class ResponsesAdapter(OpenAIAdapter):
    """Chats go to ``responses``; all other endpoints are where OpenAI has them."""

    def url(self, endpoint: str, model: str) -> str:
        return super().url("responses" if endpoint == "chat/completions" else endpoint, model)

    def payload(self, call: Call) -> Payload:
        if call.endpoint == "chat/completions":
            return responses_request(call)
        return super().payload(call)

    def translation(self, call: Call) -> Translation | None:
        return ResponseTranslation() if call.endpoint == "chat/completions" else None


class AzureResponsesAdapter(ResponsesAdapter, AzureAdapter):
    """The same below Azure's URLs."""

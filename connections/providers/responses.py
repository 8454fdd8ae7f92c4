from __future__ import annotations

from connections.call import Call
from connections.providers.azure import AzureAdapter
from connections.providers.azure_parameters import has_sealed_reasoning
from connections.providers.openai import OpenAIAdapter
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.payload import Payload
from wire_formats.responses.answer_to_chat.answer import ResponseTranslation
from wire_formats.responses.request_from_chat.request import responses_request
from wire_formats.translation import Translation


class ResponsesAdapter(OpenAIAdapter):
    """Chats go to ``responses``; all other endpoints are where OpenAI has them."""

    speaks_responses = True
    seals_reasoning: bool = True  # whether it can be asked for reasoning that is given back

    def url(self, endpoint: str, model: str) -> str:
        return super().url("responses" if endpoint == CHAT_COMPLETIONS else endpoint, model)

    def payload(self, call: Call) -> Payload:
        if call.endpoint == CHAT_COMPLETIONS:
            return responses_request(
                call.body,
                model=call.model,
                family=call.family,
                is_reasoning=self.seals_reasoning and self.is_reasoning(call),
            )
        return super().payload(call)

    def translation(self, call: Call) -> Translation | None:
        return ResponseTranslation() if call.endpoint == CHAT_COMPLETIONS else None


class AzureResponsesAdapter(ResponsesAdapter, AzureAdapter):
    """The same below Azure's URLs."""

    @property
    def seals_reasoning(self) -> bool:  # type: ignore[override]
        return self.is_v1 or has_sealed_reasoning(self.api_version)

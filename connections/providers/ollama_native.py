from __future__ import annotations

from connections.call import Call
from connections.providers.ollama import OllamaAdapter
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.ollama.answer_to_chat import ChatTranslation, EmbeddingTranslation
from wire_formats.ollama.request_from_chat import chat_request, embed_request
from wire_formats.payload import Payload
from wire_formats.translation import Translation

PATHS = {CHAT_COMPLETIONS: "api/chat", "embeddings": "api/embed"}


class OllamaNativeAdapter(OllamaAdapter):
    """Chats and embeddings over Ollama's own API, which has options the other has not."""

    def url(self, endpoint: str, model: str) -> str:
        path = PATHS.get(endpoint)
        return f"{self.root}/{path}" if path else super().url(endpoint, model)

    def payload(self, call: Call) -> Payload:
        match call.endpoint:
            case "chat/completions":
                return chat_request(call.body, model=call.model)
            case "embeddings":
                return embed_request(call.body, model=call.model)
            case _:
                return super().payload(call)

    def translation(self, call: Call) -> Translation | None:
        match call.endpoint:
            case "chat/completions":
                return ChatTranslation(call.request_id)
            case "embeddings":
                return EmbeddingTranslation(is_base64=call.body.get("encoding_format") == "base64")
            case _:
                return None

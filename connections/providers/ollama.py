from __future__ import annotations

from connections.providers.openai import OpenAIAdapter
from wire_formats.json_types import JsonObject


class OllamaAdapter(OpenAIAdapter):
    """Plain OpenAI below ``/v1``; the list of models is Ollama's own, which tells more."""

    owned_by = "ollama"
    speaks_responses = False  # its newer versions do, and forget what they should keep

    @property
    def root(self) -> str:
        """The server's address, whichever of its two APIs the admin wrote behind it."""
        return self.upstream.base_url.removesuffix("/v1").removesuffix("/api")

    def url(self, endpoint: str, model: str) -> str:
        return f"{self.root}/v1/{endpoint}"

    def models_url(self) -> str:
        return f"{self.root}/api/tags"

    def listed(self, entry: JsonObject) -> JsonObject:
        name = entry.get("model") or entry.get("name")
        return entry | {"id": name, "object": "model", "name": entry.get("name") or name}

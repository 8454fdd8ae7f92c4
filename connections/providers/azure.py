from __future__ import annotations

from urllib.parse import quote

from connections.call import Call
from connections.providers.azure_parameters import known_parameters
from connections.providers.openai import REALTIME, OpenAIAdapter, path_segment
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.payload import Payload, dropped_parameters

DEFAULT_API_VERSION = "2024-10-21"
V1_SUFFIX = "/openai/v1"


class AzureAdapter(OpenAIAdapter):
    """Azure names the deployment in the path. Its newer v1 URL is plain OpenAI."""

    lists_models = False

    @property
    def is_v1(self) -> bool:
        return self.upstream.base_url.endswith(V1_SUFFIX)

    @property
    def api_version(self) -> str:
        return self.upstream.api_version or DEFAULT_API_VERSION

    @property
    def takes_stream_options(self) -> bool:  # type: ignore[override]
        return self.is_v1 or "stream_options" in known_parameters(self.api_version)

    @property
    def query(self) -> str:
        return f"?api-version={quote(self.api_version)}"

    def url(self, endpoint: str, model: str) -> str:
        if self.is_v1:
            return super().url(endpoint, model)
        if endpoint.partition("/")[0] == "responses":  # these name their deployment in the body
            return f"{self.resource}/openai/{endpoint}{self.query}"
        if endpoint == REALTIME:
            return (
                f"{self.resource}/openai/{endpoint}{self.query}&deployment={quote(model, safe='')}"
            )
        deployment = path_segment(model)
        return f"{self.resource}/openai/deployments/{deployment}/{endpoint}{self.query}"

    def models_url(self) -> str:
        if self.is_v1:
            return super().models_url()
        return f"{self.resource}/openai/models{self.query}"

    def payload(self, call: Call) -> Payload:
        """Older versions refuse a chat for a single parameter that they do not know."""
        payload = super().payload(call)
        if self.is_v1 or call.endpoint != CHAT_COMPLETIONS:
            return payload
        known = known_parameters(self.api_version)
        body = {name: value for name, value in payload.body.items() if name in known}
        return Payload(body, dropped_parameters(payload.body, known))

    @property
    def resource(self) -> str:
        """The base URL, with or without a final ``/openai`` from the admin."""
        return self.upstream.base_url.removesuffix("/openai")

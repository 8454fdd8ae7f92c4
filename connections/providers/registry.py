"""Which adapter a connection uses. The only place that switches on a provider."""

from __future__ import annotations

from connections.choices import ApiType, Provider
from connections.providers.anthropic import AnthropicAdapter
from connections.providers.by_family import AzureByFamily, OpenAIByFamily
from connections.providers.ollama import OllamaAdapter
from connections.providers.ollama_native import OllamaNativeAdapter
from connections.providers.openai import OpenAIAdapter
from connections.providers.openrouter import OpenRouterAdapter
from connections.providers.pipelines import PipelinesAdapter
from connections.providers.responses import AzureResponsesAdapter, ResponsesAdapter
from connections.upstream import Upstream

ADAPTERS: dict[tuple[str, str], type[OpenAIAdapter]] = {
    (Provider.ANTHROPIC, ""): AnthropicAdapter,
    (Provider.AZURE, ""): AzureByFamily,
    (Provider.AZURE, ApiType.RESPONSES): AzureResponsesAdapter,
    (Provider.COMPATIBLE, ApiType.RESPONSES): ResponsesAdapter,
    (Provider.OLLAMA, ""): OllamaAdapter,
    (Provider.OLLAMA, ApiType.NATIVE): OllamaNativeAdapter,
    (Provider.OPENAI, ""): OpenAIByFamily,
    (Provider.OPENAI, ApiType.RESPONSES): ResponsesAdapter,
    (Provider.OPENROUTER, ""): OpenRouterAdapter,
    (Provider.PIPELINES, ""): PipelinesAdapter,
}


def adapter_for(upstream: Upstream) -> OpenAIAdapter:
    """Build the adapter of ``upstream``; what speaks plain OpenAI needs none of its own."""
    return ADAPTERS.get((upstream.provider, upstream.api_type), OpenAIAdapter)(upstream)

"""What a form proposes from what was entered: a URL cut to its base, a name, a provider."""

from __future__ import annotations

from collections.abc import Iterable

from connections.choices import Provider
from connections.configuration.open_webui import provider_of, slug_of, told_apart

# What people paste from a provider's documentation, the longest first.
ENDINGS = (
    "/chat/completions",
    "/audio/transcriptions",
    "/audio/speech",
    "/images/generations",
    "/completions",
    "/embeddings",
    "/responses",
    "/messages",
    "/models",
)
# Where each provider is, for those that are always in the same place.
BASE_URLS = {
    Provider.OPENAI: "https://api.openai.com/v1",
    Provider.OPENROUTER: "https://openrouter.ai/api/v1",
    Provider.ANTHROPIC: "https://api.anthropic.com/v1",
    Provider.OLLAMA: "http://localhost:11434",
    Provider.PIPELINES: "http://localhost:9099",
}
EXAMPLES = {
    Provider.AZURE: "https://NAME.openai.azure.com/openai/v1",
    Provider.COMPATIBLE: "https://api.example.com/v1",
}
HINTS = {
    Provider.OPENAI: "GPT, images, speech",
    Provider.AZURE: "Deployments of your own",
    Provider.OPENROUTER: "Many providers, one key",
    Provider.OLLAMA: "Models on your machines",
    Provider.ANTHROPIC: "Claude",
    Provider.PIPELINES: "Open WebUI's pipelines",
    Provider.COMPATIBLE: "vLLM, Mistral, LiteLLM, …",
}


def base_of(url: str) -> str:
    """``url`` without the endpoint that was pasted along, and without a query."""
    bare = url.strip().partition("?")[0].partition("#")[0].rstrip("/")
    return next((bare.removesuffix(end) for end in ENDINGS if bare.endswith(end)), bare)


def proposed_name(url: str, provider: str, taken: Iterable[str]) -> str:
    """A name that no other connection has, by the host or by the provider."""
    config = {} if provider in {Provider.COMPATIBLE, Provider.AZURE} else {"provider": provider}
    slug = provider if provider in {Provider.OLLAMA, Provider.PIPELINES} else slug_of(url, config)
    return next(told_apart([str(slug)], taken))


def provider_by_url(url: str) -> Provider:
    """The provider whose host this is; a compatible one where the host tells nothing."""
    return provider_of(url, {})

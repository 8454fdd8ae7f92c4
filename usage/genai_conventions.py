"""The names of OpenTelemetry's conventions for generative AI, in the one version that is used.

Source: https://github.com/open-telemetry/semantic-conventions-genai at :data:`VERSION`. All of it
has the status "development", so a later version may rename any of them: change this module alone.
The names of metrics are those of the conventions before they had a repository of their own
(:data:`METRICS_VERSION`), since dashboards and alert rules hold them.
"""

from __future__ import annotations

from typing import Final

from connections.choices import Provider

VERSION: Final = "0.1.0"
METRICS_VERSION: Final = "1.41.0"  # of open-telemetry/semantic-conventions

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_STREAM: Final = "gen_ai.request.stream"
TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
REASONING_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
SERVICE_TIER: Final = "openai.response.service_tier"
ERROR_TYPE: Final = "error.type"

# As OpenTelemetry's exporter for Prometheus writes a metric's name and unit.
DURATION: Final = "gen_ai_client_operation_duration_seconds"
FIRST_BYTE: Final = "gen_ai_server_time_to_first_token_seconds"
TOKENS: Final = "gen_ai_client_token_usage"
OPERATION_LABEL: Final = "gen_ai_operation_name"
PROVIDER_LABEL: Final = "gen_ai_provider_name"
MODEL_LABEL: Final = "gen_ai_request_model"
KIND_LABEL: Final = "gen_ai_token_type"

# The values that the conventions prescribe. Other providers keep the name that they have here.
PROVIDERS: Final[dict[str, str]] = {
    Provider.OPENAI: "openai",
    Provider.AZURE: "azure.ai.openai",
    Provider.ANTHROPIC: "anthropic",
}


def provider_name(provider: str) -> str:
    """The conventions' name of a connection's provider, or its name here where they have none."""
    return PROVIDERS.get(provider, provider)

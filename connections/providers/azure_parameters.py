"""Which parameters of a chat each version of Azure's API knows.

https://learn.microsoft.com/azure/ai-services/openai/reference
"""

from __future__ import annotations

import re
from functools import cache

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
ALWAYS = frozenset(
    {
        "data_sources",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "stop",
        "stream",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
    }
)
SINCE = {
    "stream_options": "2024-09-01",
    "metadata": "2024-10-01",
    "store": "2024-10-01",
    "user_security_context": "2024-12-01",
    "audio": "2025-01-01",
    "modalities": "2025-01-01",
    "prediction": "2025-01-01",
    "verbosity": "2025-04-01",
}


RESPONSES_SINCE = "2025-03-01"
SEALED_REASONING_SINCE = "2025-04-01"


@cache
def known_parameters(api_version: str) -> frozenset[str]:
    """The parameters of ``api_version``; all there are where it is no date, as ``preview``."""
    date = DATE.match(api_version)
    if date is None:
        return ALWAYS | frozenset(SINCE)
    return ALWAYS | {name for name, since in SINCE.items() if since <= date[0]}


def has_responses(api_version: str) -> bool:
    """Whether ``api_version`` has the Responses API. Versions without a date count as recent."""
    return _is_since(RESPONSES_SINCE, api_version)


def has_sealed_reasoning(api_version: str) -> bool:
    """Whether its Responses can ``include`` reasoning in the form that is given back."""
    return _is_since(SEALED_REASONING_SINCE, api_version)


def _is_since(first: str, api_version: str) -> bool:
    date = DATE.match(api_version)
    return date is None or date[0] >= first

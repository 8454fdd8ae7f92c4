"""What the names and sentences of providers' errors tell beyond the status.

A name is the error's code or type. A sentence may quote what the client sent, which must not take
a key or a target away from others: of a key or a model, only how a sentence begins counts.

https://platform.openai.com/docs/guides/error-codes
https://docs.anthropic.com/en/api/errors
https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter
"""

from __future__ import annotations

import re

from wire_formats.provider_errors import ProviderError

QUOTA_NAMES = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "billing_limit_user_error",
        "billing_error",  # Anthropic
        "insufficient_credits",
        "insufficient_balance",
        "insufficient_balance_error",
        "credits_exhausted",
        "exceeded_current_quota_error",  # Moonshot
        "quota_exceeded",
        "Arrearage",  # DashScope
        "AccountOverdueError",  # Volcengine
        "1113",  # Z.ai
    }
)
QUOTA = re.compile(
    r"(?:your |this |the )?(?:credit balance is too low"
    r"|insufficient (?:account )?(?:balance|credits?|funds)|billing hard limit"
    r"|account is not active|request requires more credits)",
    re.IGNORECASE,
)
OVERLOAD_NAMES = frozenset(
    {
        "overloaded",
        "overloaded_error",
        "engine_overloaded",
        "engine_overloaded_error",
        "server_overloaded",
        "server_is_overloaded",
        "slow_down",
        "service_unavailable",
        "service_unavailable_error",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ModelNotReadyException",
        "UNAVAILABLE",
    }
)
LIMIT_NAMES = frozenset(
    {
        "rate_limit_exceeded",
        "rate_limit_error",
        "rate_limit_reached",
        "rate_limited",
        "rate_limit_reached_error",
        "too_many_requests",
        "TooManyRequests",
        "ThrottlingException",
        "Throttling",
    }
)
KEY_NAMES = frozenset({"invalid_api_key", "authentication_error", "UNAUTHENTICATED"})
# Google and xAI say so with the status 400.
KEY = re.compile(
    r"api key (?:not valid|expired|not found)|incorrect api key|invalid api key",
    re.IGNORECASE,
)
FILTER_NAMES = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "image_content_policy_violation",
        "content_filter_error",
        "moderation_blocked",
        "ResponsibleAIPolicyViolation",
        "data_inspection_failed",  # DashScope
        "DataInspectionFailed",
        "guardrail_violation",
        "1301",  # Z.ai
    }
)
FILTER = re.compile(
    r"flagged (?:as|by|for)|(?:was|were|been|is) flagged|content management policy"
    r"|content (?:filter|policy)|usage polic|safety system|requires moderation",
    re.IGNORECASE,
)
MODEL_NAMES = frozenset(
    {
        "model_not_found",
        "model_not_found_error",
        "DeploymentNotFound",
        "unknown_model",
        "model_not_available",
        "invalid_model",
        "ModelNotFound",
    }
)
MODEL = re.compile(
    r"(?:the )?model [`'\"]?[^\s`'\"]{1,200}[`'\"]? (?:does not exist|(?:was |is )?not found)"
    r"|model: \S{1,200}$"  # Anthropic
    r"|models/\S{1,200} is not found for API version"  # Google
    r"|the API deployment for this resource does not exist"  # Azure
    r"|\S{1,200} is not a valid model id|no endpoints found for \S{1,200}$",  # OpenRouter
    re.IGNORECASE,
)


def names_of(told: ProviderError) -> frozenset[str]:
    """The code and the type, and Azure's and Google's names beside them."""
    named = [told.code, told.type]
    inner = told.more.get("innererror")
    if isinstance(inner, dict) and isinstance(code := inner.get("code"), str):
        named.append(code)
    if isinstance(status := told.more.get("status"), str):
        named.append(status)
    return frozenset(filter(None, named))


def is_out_of_quota(told: ProviderError, *, says_when: bool) -> bool:
    """Whether waiting does not help. ``says_when``: the upstream told when to come back."""
    names = names_of(told)
    if not QUOTA_NAMES.isdisjoint(names) or QUOTA.match(told.message):
        return True
    # Google says so of limits of a minute, too, which pass by themselves.
    is_googles = "RESOURCE_EXHAUSTED" in names
    return not says_when and not is_googles and "check your plan and billing" in told.message


def is_filtered(told: ProviderError) -> bool:
    """Whether the provider's content filter refused."""
    return not FILTER_NAMES.isdisjoint(names_of(told)) or FILTER.search(told.message) is not None


def is_model_unknown(told: ProviderError) -> bool:
    """Whether the upstream lacks the model itself, not one that a tool in the request names."""
    if told.param not in {"", "model"}:
        return False
    return not MODEL_NAMES.isdisjoint(names_of(told)) or MODEL.match(told.message) is not None


def is_key_invalid(told: ProviderError) -> bool:
    """Whether a status other than 401 and 403 hides that the key was refused."""
    return not KEY_NAMES.isdisjoint(names_of(told)) or KEY.match(told.message) is not None

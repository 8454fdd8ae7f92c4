"""What the names and sentences of providers' errors tell beyond the status.

A name is the error's code or type. A sentence may quote what the client sent, which must not take
a key or a target away from others. Of a key, a quota or a model, a sentence counts that begins so
and that complains of no field: Anthropic begins with the client's own name of it, "foo: Extra
inputs are not permitted".

https://platform.openai.com/docs/guides/error-codes
https://docs.anthropic.com/en/api/errors
https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter
"""

from __future__ import annotations

import re

from wire_formats.error_meanings import is_about_credentials
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
    r"|account is not active)",
    re.IGNORECASE,
)
# What the request alone is too large for, while smaller ones of others are served.
TOO_MUCH = re.compile(
    r"request too large for "  # OpenAI, of tokens per minute
    r"|(?:this )?request requires more credits, or fewer max_tokens"  # OpenRouter
    r"|extra usage is required for long context",  # Anthropic
    re.IGNORECASE,
)
# LiteLLM's end user, or customer, is whom the gateway names to it for one of its callers.
# https://docs.litellm.ai/docs/proxy/customers
END_USER = re.compile(
    r"ExceededBudget: End User=|LiteLLM End User: "
    r"|LiteLLM Rate Limit Handler for rate limit type = (?:customer|end_user)\b"
    r"|(?:batch )?rate limit exceeded for (?:\w{1,30}_)?(?:customer|end_user): ",
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
    r"api key (?:not valid|expired|not found)"
    r"|incorrect api key(?: provided: \S{1,200})?|invalid api key",
    re.IGNORECASE,
)
# What a key that is valid may not do, mostly with one resource, which the client may have named.
SCOPE = re.compile(r"missing scopes?\b|insufficient (?:permissions?|scope)", re.IGNORECASE)
PERMISSION = re.compile(
    r"permission (?:to|for)\b|not have permission|not (?:authori[sz]ed|allowed) to\b|^permission ",
    re.IGNORECASE,
)
QUOTE = re.compile(r"(?<!\w)[`'\"]")
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
NAMED = r"([^\s`'\"]{1,200})"
MODEL = re.compile(
    rf"(?:the )?model [`'\"]?{NAMED}[`'\"]? (?:does not exist|(?:was |is )?not found)"
    r"|model: (\S{1,200})$"  # Anthropic
    # Google, which says the same of a model that the endpoint is not for.
    r"|models/(\S{1,200}) is not found for API version \S{1,50}"
    r"(?!.*supported for (?!generateContent|streamGenerateContent))"
    r"|the API deployment for this resource does not exist"  # Azure
    r"|(\S{1,200}) is not a valid model id|no endpoints found for (\S{1,200})$",  # OpenRouter
    re.IGNORECASE,
)
QUOTED_MODEL = re.compile(rf"\bmodel [`'\"]{NAMED}", re.IGNORECASE)


def names_of(told: ProviderError) -> frozenset[str]:
    """The code and the type, and Azure's and Google's names beside them."""
    named = [told.code, told.type]
    inner = told.more.get("innererror")
    if isinstance(inner, dict) and isinstance(code := inner.get("code"), str):
        named.append(code)
    if isinstance(status := told.more.get("status"), str):
        named.append(status)
    return frozenset(filter(None, named))


def is_out_of_quota(told: ProviderError, *, is_limit: bool, says_when: bool) -> bool:
    """Whether waiting does not help.

    ``is_limit``: the status tells of a limit. ``says_when``: the upstream told when to come back.
    """
    names = names_of(told)
    if not QUOTA_NAMES.isdisjoint(names) or _begins(QUOTA, told.message):
        return True
    # Google says so of limits of a minute, too, which pass by themselves.
    is_googles = "RESOURCE_EXHAUSTED" in names
    is_of_plan = is_limit and "check your plan and billing" in told.message
    return is_of_plan and not says_when and not is_googles


def is_too_much(told: ProviderError) -> bool:
    """Whether the request alone is over the limit or the means of the account."""
    return TOO_MUCH.match(told.message) is not None


def is_of_end_user(told: ProviderError) -> bool:
    """Whether a limit is that of one caller, while others are served with the same key."""
    return END_USER.match(told.message) is not None


def is_filtered(told: ProviderError) -> bool:
    """Whether the provider's content filter refused."""
    return not FILTER_NAMES.isdisjoint(names_of(told)) or FILTER.search(told.message) is not None


def is_model_unknown(told: ProviderError) -> bool:
    """Whether the upstream lacks a model, not one that a tool in the request names."""
    if told.param not in {"", "model"}:
        return False
    return not MODEL_NAMES.isdisjoint(names_of(told)) or _begins(MODEL, told.message)


def is_of_another_model(told: ProviderError, model: str) -> bool:
    """Whether an error about a model names one that is not ``model``: the client may have named
    it in a field such as OpenRouter's ``models``."""
    match = MODEL.match(told.message) or QUOTED_MODEL.search(told.message)
    named = next(filter(None, match.groups()), "") if match else ""
    return bool(named) and _bare(named.rstrip(".,")) != _bare(model)


def is_key_invalid(told: ProviderError) -> bool:
    """Whether a status other than 401 and 403 hides that the key was refused."""
    return not KEY_NAMES.isdisjoint(names_of(told)) or _begins(KEY, told.message)


def is_key_forbidden(told: ProviderError) -> bool:
    """Whether a 403 is about the key itself, not about what it, or the client, may use.

    What follows a quotation mark may be the client's.
    """
    own_words = QUOTE.split(told.message, maxsplit=1)[0]
    if lacks_scope(told) or PERMISSION.search(own_words):
        return False
    return is_about_credentials(own_words, told.code, told.type)


def lacks_scope(told: ProviderError) -> bool:
    """Whether a key is refused for one thing that it was not made for, such as images."""
    return "missing_scope" in names_of(told) or SCOPE.search(told.message) is not None


def _begins(sentence: re.Pattern[str], message: str) -> bool:
    """Whether ``message`` begins with ``sentence`` and is no complaint about a field so named."""
    match = sentence.match(message)
    return match is not None and ": " not in message[match.end() :]


def _bare(model: str) -> str:
    """The name without what only some upstreams add to it."""
    return model.casefold().removeprefix("models/").removesuffix(":latest")

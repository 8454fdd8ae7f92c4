"""What an error is about, by the names that providers give to kinds of errors, and by their words.

https://platform.openai.com/docs/guides/error-codes
https://docs.anthropic.com/en/api/errors
https://cloud.google.com/apis/design/errors
"""

from __future__ import annotations

import re

STATUSES = {
    # Anthropic's types.
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
    # OpenAI's codes and types.
    "invalid_prompt": 400,
    "context_length_exceeded": 400,
    "content_filter": 400,
    "content_policy_violation": 400,
    "image_content_policy_violation": 400,
    "invalid_image": 400,
    "invalid_image_format": 400,
    "invalid_base64_image": 400,
    "invalid_image_url": 400,
    "image_too_large": 400,
    "image_parse_error": 400,
    "unsupported_image_media_type": 400,
    "failed_to_download_image": 400,
    "invalid_api_key": 401,
    "model_not_found": 404,
    "previous_response_not_found": 400,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    # vLLM's types.
    "BadRequestError": 400,
    "NotFoundError": 404,
    # Google's names of statuses.
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
CREDENTIALS = re.compile(
    r"api[ _-]?key|access[ _-]?key|subscription key|credential|authenticat|unauthori[sz]ed"
    r"|not authori[sz]ed|unregistered caller|caller does not have permission|service account"
    r"|iam_permission|\bprincipal\b|access_?denied_?exception|security token|signature"
    r"|(?:bearer|access|auth|oauth|invalid|expired|missing) token"
    r"|token (?:is |has )?(?:invalid|expired)"
    r"|(?:bad|invalid|incorrect|wrong|expired|missing|revoked|disabled) (?:\w+ )?key\b"
    r"|permission '[\w.]+' denied",
    re.IGNORECASE,
)
MODERATION = re.compile(
    r"moderat|flagged|content.?(?:filter|policy|management)|guardrail|safety|prompt injection",
    re.IGNORECASE,
)


def status_named(*names: str) -> int:
    """The status of HTTP that the first of ``names`` with a meaning stands for; 0 for none."""
    return next((STATUSES[name] for name in names if name in STATUSES), 0)


def is_about_credentials(*texts: str) -> bool:
    """Whether an upstream that forbids something in ``texts`` speaks of the gateway's own key."""
    return any(map(CREDENTIALS.search, texts)) and not any(map(MODERATION.search, texts))

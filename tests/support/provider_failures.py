"""What providers answer when something goes wrong, and what each API's clients are told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """``status`` and ``body`` of the provider; what OpenAI's and Anthropic's clients then see.

    ``words`` stand in the message of both, unless ``anthropic_words`` differ.
    """

    name: str
    status: int
    body: Any
    openai: tuple[int, str, str | None]  # status, type, code
    anthropic: tuple[int, str]  # status, type
    words: str
    anthropic_words: str = ""
    param: str | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


INVALID = (400, "invalid_request_error")
OVERFLOW = (400, "invalid_request_error", "context_length_exceeded")
PROMPT_TOO_LONG = "prompt is too long: 201000 tokens > 200000 maximum"
MOST = "maximum context length is 200000 tokens. However, your messages resulted in 201000"
RAW = {"type": "error", "error": {"type": "invalid_request_error", "message": PROMPT_TOO_LONG}}

FAILURES = (
    Failure(
        name="OpenRouter without credits",
        status=402,
        body={"error": {"message": "Insufficient credits.", "code": 402}, "user_id": "user_1"},
        openai=(402, "insufficient_quota", "insufficient_quota"),
        anthropic=(402, "billing_error"),
        words="Insufficient credits.",
    ),
    Failure(
        name="OpenRouter's moderation",
        status=403,
        body={
            "error": {
                "code": 403,
                "message": "openai/gpt-4o requires moderation. Your input was flagged.",
                "metadata": {"reasons": ["violence"], "provider_name": "OpenAI"},
            }
        },
        openai=(403, "permission_error", None),
        anthropic=(403, "permission_error"),
        words="Your input was flagged.",
    ),
    Failure(
        name="OpenRouter's provider",
        status=400,
        body={
            "error": {
                "code": 400,
                "message": "Provider returned error",
                "metadata": {
                    "provider_name": "Fast",
                    "raw": '{"error": {"message": "No such tool.", "param": "tools"}}',
                },
            }
        },
        openai=(*INVALID, None),
        anthropic=INVALID,
        words="Provider returned error (Fast: No such tool.)",
        param="tools",
    ),
    Failure(
        name="OpenRouter's provider, too long",
        status=400,
        body={
            "error": {
                "code": 400,
                "message": "Provider returned error",
                "metadata": {"provider_name": "Anthropic", "raw": orjson.dumps(RAW).decode()},
            }
        },
        openai=OVERFLOW,
        anthropic=INVALID,
        words=MOST,
        anthropic_words=PROMPT_TOO_LONG,
    ),
    Failure(
        name="Azure's filter",
        status=400,
        body={
            "error": {
                "message": "The response was filtered.",
                "type": None,
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": {
                    "code": "ResponsibleAIPolicyViolation",
                    "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
                },
            }
        },
        openai=(*INVALID, "content_filter"),
        anthropic=INVALID,
        words="The response was filtered.",
        param="prompt",
    ),
    Failure(
        name="Azure's rate",
        status=429,
        body={"error": {"code": "429", "message": "Please retry after 6 seconds."}},
        openai=(429, "rate_limit_error", "provider_rate_limited"),
        anthropic=(429, "rate_limit_error"),
        words="Please retry after 6 seconds.",
    ),
    Failure(
        name="Gemini's list",
        status=429,
        body=[
            {
                "error": {
                    "code": 429,
                    "message": "You exceeded your current quota.",
                    "status": "RESOURCE_EXHAUSTED",
                    "details": [{"@type": "RetryInfo", "retryDelay": "34.07s"}],
                }
            }
        ],
        openai=(429, "rate_limit_error", "provider_rate_limited"),
        anthropic=(429, "rate_limit_error"),
        words="You exceeded your current quota.",
    ),
    Failure(
        name="FastAPI's text",
        status=404,
        body={"detail": "Model not found"},
        openai=(404, "invalid_request_error", None),
        anthropic=(404, "not_found_error"),
        words="Model not found",
    ),
    Failure(
        name="FastAPI's list",
        status=422,
        body={
            "detail": [
                {"loc": ["body", "messages", 0, "content"], "msg": "Field required", "type": "x"},
                {"loc": ["body", "top_p"], "msg": "Too large", "type": "y"},
            ]
        },
        openai=(422, "invalid_request_error", None),
        anthropic=(422, "invalid_request_error"),
        words="messages.0.content: Field required; top_p: Too large",
        param="messages.0.content",
    ),
    Failure(
        name="Mistral's object in a message",
        status=422,
        body={
            "object": "error",
            "message": {"detail": [{"loc": ["body", "n"], "msg": "Too many"}]},
            "type": "invalid_request_error",
            "code": None,
        },
        openai=(422, "invalid_request_error", None),
        anthropic=(422, "invalid_request_error"),
        words="n: Too many",
    ),
    Failure(
        name="Ollama",
        status=404,
        body={"error": "model 'x' not found"},
        openai=(404, "invalid_request_error", None),
        anthropic=(404, "not_found_error"),
        words="model 'x' not found",
    ),
    Failure(
        name="vLLM",
        status=400,
        body={
            "object": "error",
            "message": "top_p must be in (0, 1].",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
        openai=(400, "BadRequestError", None),
        anthropic=INVALID,
        words="top_p must be in (0, 1].",
    ),
    Failure(
        name="Cloudflare",
        status=400,
        body={"success": False, "errors": [{"code": 7003, "message": "No such route"}]},
        openai=(*INVALID, None),
        anthropic=INVALID,
        words="No such route",
    ),
    Failure(
        name="plain text",
        status=400,
        body=b"Prompt has no words.\n",
        openai=(*INVALID, None),
        anthropic=INVALID,
        words="Prompt has no words.",
    ),
    Failure(
        name="a page",
        status=404,
        body=b"<html><h1>Not found</h1></html>",
        openai=(404, "invalid_request_error", None),
        anthropic=(404, "not_found_error"),
        words="The upstream answered with status 404.",
    ),
    Failure(
        name="OpenAI's quota",
        status=429,
        body={
            "error": {
                "message": "You exceeded your current quota.",
                "type": "insufficient_quota",
                "param": None,
                "code": "insufficient_quota",
            }
        },
        openai=(429, "insufficient_quota", "insufficient_quota"),
        anthropic=(429, "rate_limit_error"),
        words="You exceeded your current quota.",
    ),
    Failure(
        name="OpenAI's rate",
        status=429,
        body={
            "error": {"message": "Slow down.", "type": "requests", "code": "rate_limit_exceeded"}
        },
        openai=(429, "requests", "rate_limit_exceeded"),
        anthropic=(429, "rate_limit_error"),
        words="Slow down.",
    ),
    Failure(
        name="a country",
        status=403,
        body={
            "error": {
                "code": "unsupported_country_region_territory",
                "message": "Country, region, or territory not supported",
                "param": None,
                "type": "request_forbidden",
            }
        },
        openai=(403, "request_forbidden", "unsupported_country_region_territory"),
        anthropic=(403, "permission_error"),
        words="territory not supported",
    ),
    Failure(
        name="a refused key",
        status=401,
        body={"error": {"message": "Incorrect API key provided: sk-...x."}},
        openai=(502, "upstream_error", "upstream_auth_failed"),
        anthropic=(502, "api_error"),
        words="An administrator must fix them.",
    ),
    Failure(
        name="a key without permission",
        status=403,
        body={"error": {"type": "permission_error", "message": "Your API key may not do this."}},
        openai=(502, "upstream_error", "upstream_auth_failed"),
        anthropic=(502, "api_error"),
        words="An administrator must fix them.",
    ),
    Failure(
        name="OpenAI, too long",
        status=400,
        body={
            "error": {
                "message": f"This model's {MOST} tokens. Please reduce the length of the messages.",
                "type": "invalid_request_error",
                "param": "messages",
                "code": "context_length_exceeded",
            }
        },
        openai=OVERFLOW,
        anthropic=INVALID,
        words=MOST,
        anthropic_words=PROMPT_TOO_LONG,
        param="messages",
    ),
    Failure(
        name="Anthropic, overloaded",
        status=529,
        body={"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        openai=(503, "upstream_error", "upstream_overloaded"),
        anthropic=(529, "overloaded_error"),
        words="The upstream failed with status 529.",
    ),
    Failure(
        name="a crash",
        status=500,
        body={"error": {"message": "stack trace at 10.0.0.7", "type": "server_error"}},
        openai=(502, "upstream_error", "upstream_error"),
        anthropic=(502, "api_error"),
        words="The upstream failed with status 500.",
    ),
    Failure(
        name="Ollama, too long",
        status=500,
        body={"error": "prompt too long; exceeded max context length by 12 tokens"},
        openai=OVERFLOW,
        anthropic=INVALID,
        words="exceeded max context length by 12 tokens",
        anthropic_words="prompt is too long: ",
    ),
)

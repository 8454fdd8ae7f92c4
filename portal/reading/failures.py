"""Why requests fail, and what their owner can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from usage.failing import IS_FAILURE
from usage.models import UsageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """``why`` fits behind a number: ``3 × rate limit``."""

    why: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How many of one's requests failed with a code; it ``is_status`` where there is no other."""

    code: str
    is_status: bool
    requests: int
    why: str
    advice: str


ADMIN = "Tell an administrator, with the id of a request."
WAIT = "Try again in a while. If it goes on, tell an administrator, with the id of a request."
ADVICE: dict[str, Advice] = {
    "model_not_found": Advice(
        why="no such model for you",
        advice="Look under Models for the id as it is written there, or ask for access.",
    ),
    "rate_limit_exceeded": Advice(
        why="rate limit",
        advice="Send fewer requests at a time; the header retry-after says when to go on.",
    ),
    "insufficient_quota": Advice(
        why="limit used up",
        advice="See Limits for what is left and when it begins again, or ask for more.",
    ),
    "request_exceeds_limit": Advice(
        why="larger than a limit", advice="Shorten the input, or ask for less output."
    ),
    "context_length_exceeded": Advice(
        why="longer than the context",
        advice="Shorten the conversation, or choose a model with a larger context.",
    ),
    "invalid_api_key": Advice(
        why="key refused", advice="Look under Keys whether the key is revoked or has expired."
    ),
    "unpriced_model": Advice(
        why="model without a price",
        advice="A limit of money holds for you, and this model has no price. " + ADMIN,
    ),
    "unsupported_endpoint": Advice(
        why="wrong endpoint", advice="Call the model at the endpoint that it is for."
    ),
    "provider_rate_limited": Advice(why="the provider's limit", advice=WAIT),
    "all_targets_cooling": Advice(why="the provider's limit", advice=WAIT),
    "upstream_unavailable": Advice(why="upstream down", advice=WAIT),
    "upstream_timeout": Advice(
        why="upstream too slow", advice="Stream the answer, or ask for less output. " + WAIT
    ),
    "upstream_overloaded": Advice(why="upstream overloaded", advice=WAIT),
    "upstream_auth_failed": Advice(why="the gateway's key refused", advice=ADMIN),
    "upstream_error": Advice(why="upstream failed", advice=WAIT),
    "upstream_invalid_response": Advice(why="unreadable answer", advice=WAIT),
    "access_withdrawn": Advice(
        why="access withdrawn",
        advice="The key was revoked, or the model is not yours any more: look under both.",
    ),
    "ended_by_staff": Advice(why="ended by an administrator", advice=ADMIN),
    "shutting_down": Advice(why="gateway restarted", advice="Send the request again."),
    "rejected_by_filter": Advice(
        why="refused by a filter", advice="The message says what the filter does not let pass."
    ),
}
BY_STATUS: dict[int, Advice] = {
    400: Advice(
        why="request not understood",
        advice="The message names the field; compare it with what the model's API takes.",
    ),
    404: Advice(why="not found", advice="Compare the address and the ids with the documents."),
    413: Advice(why="request too large", advice="Send less, or use an upload."),
    429: Advice(why="rate limit", advice=WAIT),
}
OTHER = Advice(why="failed", advice=WAIT)


def advice_for(status: int, code: str) -> Advice:
    """What is known of a failure; its code says more than its status."""
    return ADVICE.get(code) or BY_STATUS.get(status) or OTHER


def failures_of(user_id: int, since: datetime) -> list[Failure]:
    """The failures of one's own requests, the most frequent first. One query."""
    rows = (
        UsageRow.objects.filter(IS_FAILURE, user_id=user_id, accepted_at__gte=since)
        .order_by()
        .values_list("status", "error_code")
        .annotate(requests=Count("pk"))
    )
    found: dict[str, Failure] = {}
    for status, code, requests in rows:
        known, name = advice_for(status, code), code or str(status)
        before = found[name].requests if name in found else 0
        found[name] = Failure(
            code=name,
            is_status=not code,
            requests=before + requests,
            why=known.why,
            advice=known.advice,
        )
    return sorted(found.values(), key=lambda failure: (-failure.requests, failure.code))

"""When an upstream says that it may be asked again, in any of the ways of saying so.

In this order: ``retry-after-ms``, ``retry-after`` in seconds or as a date, Google's ``retryDelay``,
for limits the headers that tell when they end (``x-ratelimit-reset-requests: 6m0s``, Anthropic's
``anthropic-ratelimit-tokens-reset`` with a date), and the sentence of the error.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from connections.retry_after import retry_after_milliseconds, retry_after_seconds
from wire_formats.provider_errors import ProviderError

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 600.0
LONGEST_TEXT = 64
GOOGLES_DELAY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")
SAID = re.compile(
    r"(?:try again|retry) (?:in|after) ([0-9][0-9.hms]{0,20})(?: ?(seconds?|minutes?|ms))?",
    re.IGNORECASE,
)
SPAN = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,12})?(?:ms|[dhms]))+")
PART = re.compile(r"([0-9.]+)(ms|[dhms])")
UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?")
LEAST_EPOCH, LEAST_EPOCH_MILLISECONDS = 1e9, 1e12
# Each limit's end, and the header that tells how much of it is left.
LIMITS = (
    ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
    ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    ("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
    ("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
    ("anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-input-tokens-remaining"),
    ("anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-output-tokens-remaining"),
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("ratelimit-reset", "ratelimit-remaining"),
)


def seconds_asked_for(
    headers: Mapping[str, str],
    told: ProviderError,
    *,
    is_limit: bool,
    now: float | None = None,
) -> float | None:
    """The seconds until the upstream wants to be asked again, 1 to 600; None if it does not say.

    ``is_limit``: it refused because of a limit, so that the ends of its limits count. ``headers``
    are looked up by names in lower case. ``now`` is seconds since the epoch.
    """
    at = time.time() if now is None else now
    seconds = _retry_after(headers, at)
    if seconds is None:
        seconds = googles_delay(told)
    if seconds is None and is_limit:
        seconds = _end_of_limits(headers, at)
    if seconds is None:
        seconds = _said(told.message)
    return None if seconds is None else min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)


def _retry_after(headers: Mapping[str, str], at: float) -> float | None:
    milliseconds = retry_after_milliseconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    return retry_after_seconds(headers.get("retry-after", ""), now=at)


def googles_delay(told: ProviderError) -> float | None:
    """The seconds that Google asks for, among the details of its error."""
    details = told.more.get("details")
    for detail in details if isinstance(details, list) else ():
        match detail:
            case {"retryDelay": str(delay)} if match := GOOGLES_DELAY.fullmatch(delay):
                return float(match[1])
    return None


def _end_of_limits(headers: Mapping[str, str], at: float) -> float | None:
    """The last end among limits that are used up, or else the first end of all."""
    ends = list(_ends(headers, at))
    used_up = [seconds for seconds, is_used_up in ends if is_used_up]
    if used_up:
        return max(used_up)
    return min((seconds for seconds, _ in ends), default=None)


def _ends(headers: Mapping[str, str], at: float) -> Iterator[tuple[float, bool]]:
    for reset, remaining in LIMITS:
        seconds = _until(headers.get(reset, ""), at)
        if seconds is not None:
            yield seconds, headers.get(remaining, "").strip() == "0"


def _until(text: str, at: float) -> float | None:
    """The seconds in ``6m0s``, ``1.2``, seconds or milliseconds since the epoch, or a date."""
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT:
        return None
    if SPAN.fullmatch(text):
        return sum(float(number) * UNITS[unit] for number, unit in PART.findall(text))
    if NUMBER.fullmatch(text):
        return _until_number(float(text), at)
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - at


def _until_number(number: float, at: float) -> float:
    if number >= LEAST_EPOCH_MILLISECONDS:
        return number / 1000 - at
    return number - at if number >= LEAST_EPOCH else number


def _said(message: str) -> float | None:
    """The seconds in OpenAI's "Please try again in 1.2s" and Azure's "retry after 26 seconds"."""
    match = SAID.search(message)
    if match is None:
        return None
    text = match[1].rstrip(".")
    if not match[2]:
        return _until(text, 0.0) if SPAN.fullmatch(text) else None
    unit = "ms" if match[2].lower() == "ms" else match[2][0].lower()
    return _until(f"{text}{unit}", 0.0)

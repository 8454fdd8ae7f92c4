"""Service tiers: in which of its classes of service a provider served a request.

Rates differ by tier, and the tier that was asked for need not be the one that served. OpenAI and
those that follow it tell it beside the answer, as ``service_tier``; Anthropic within ``usage``,
together with ``speed``, which has rates of its own, too.
"""

from __future__ import annotations

from typing import Any

# The providers' names of the tier that everybody gets who asks for none.
STANDARD = frozenset({"", "auto", "default", "standard", "standard_only", "on_demand"})
# Not a provider's: answers of several tiers, counted together.
MIXED = "mixed"
LONGEST = 32


def tier_in(holder: Any) -> str | None:
    """The tier that an answer tells of, or its usage; None where it tells of none."""
    tier = holder.get("service_tier") if isinstance(holder, dict) else None
    return tier if isinstance(tier, str) and 0 < len(tier) <= LONGEST else None


def messages_tier_in(usage: Any) -> str | None:
    """The tier in Anthropic's ``usage``: ``fast`` where the request was sped up."""
    if isinstance(usage, dict) and usage.get("speed") == "fast":
        return "fast"
    return tier_in(usage)


def in_chats_words(messages_tier: str | None) -> str | None:
    """A tier as chat completions name it."""
    return "default" if messages_tier == "standard" else messages_tier


def joint_tier(before: str | None, after: str | None) -> str | None:
    """The tier of two answers that are counted together."""
    is_same = before == after or {before or "", after or ""} <= STANDARD
    return before if is_same else MIXED

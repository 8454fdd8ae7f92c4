"""The record of a request that a person made, in the words of the page."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from django.urls import reverse

from accounts.models import User
from portal.reading.requests import rows_of
from usage.models import TokensFrom, UsageRow

LEAST_SHOWN = Decimal("0.000001")


class Outcome(TypedDict):
    """``url`` is the page of the request. ``served_by`` names the model at its provider; the
    connection is the administrators' affair. Texts are empty where nothing is known.
    """

    url: str
    served_by: str
    attempts: int
    tokens: str
    cost: str


def outcome_of(user: User, request_id: str) -> Outcome | None:
    """None for a request that is not stored yet, and for one of another person."""
    if "\0" in request_id:  # PostgreSQL has no texts with it
        return None
    row = rows_of(user).select_related("price").filter(pk=request_id).first()
    if row is None:
        return None
    return Outcome(
        url=reverse("portal:request", args=[request_id]),
        served_by=row.upstream_model,
        attempts=row.attempts,
        tokens=_tokens(row),
        cost=_cost(row),
    )


def _tokens(row: UsageRow) -> str:
    if row.tokens_from == TokensFrom.NONE:
        return ""
    estimated = " (estimated)" if row.tokens_from == TokensFrom.ESTIMATED else ""
    return f"{row.prompt_tokens or 0} in, {row.completion_tokens or 0} out{estimated}"


def _cost(row: UsageRow) -> str:
    if row.cost is None:
        return "unknown: no price is set"
    if 0 < row.cost < LEAST_SHOWN:
        return f"less than ${LEAST_SHOWN}"
    about = "about " if row.is_cost_estimated else ""
    digits = 2 if row.cost >= 1 else 6
    return f"{about}${row.cost:.{digits}f}"

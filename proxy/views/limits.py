"""``GET /v1/limits``: the limits that hold for the caller, and what is left of them."""

from __future__ import annotations

import time
from datetime import datetime
from math import ceil

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from limits.admission.gate import gate
from limits.quantities import amount_of
from limits.reading.own_use import OwnUse, uses_of
from limits.rule import Rule
from proxy.api import ApiView
from proxy.client_side.rendering import JsonResponse
from wire_formats.json_types import JsonObject

WHOLE = 100  # per cent
NUMBERS = ("amount", "used", "remaining")


class LimitsView(ApiView):
    """All limits, whatever models and endpoints they are for. Of a limit that others share, the
    part that is used is told and no number."""

    async def get(self, request: Request) -> HttpResponseBase:
        uses = await uses_of(self.caller, gate.book, gate.meters, now=time.time())
        return JsonResponse({"object": "list", "data": [as_json(use) for use in uses]})


def as_json(use: OwnUse) -> JsonObject:
    """A limit for its caller, in dollars, seconds and counts. What is not known is null."""
    rule = use.rule
    told: JsonObject = {
        "object": "limit",
        "label": rule.label,
        "share": "own" if use.is_own else "pool",
        "metric": rule.metric,
        "window": rule.window or None,
        "mode": rule.mode,
        "models": list(rule.models),
        "endpoints": list(rule.endpoints),
    }
    if use.is_own:
        counts = (use.amount, use.used, None if use.used is None else use.amount - use.used)
        told |= {name: _number(rule, count) for name, count in zip(NUMBERS, counts, strict=True)}
    return told | {"used_percent": _per_cent(use), "resets_at": _moment(use)}


def _number(rule: Rule, count: int | None) -> int | float | None:
    if count is None:
        return None
    amount = amount_of(rule.metric, max(count, 0))
    return int(amount) if amount == int(amount) else float(amount)


def _per_cent(use: OwnUse) -> int | None:
    """Rounded down, and no more than 100, also of an amount that was lowered since."""
    if use.used is None:
        return None
    return min(use.used * WHOLE // use.amount, WHOLE) if use.amount else WHOLE


def _moment(use: OwnUse) -> str | None:
    if use.resets_at is None:
        return None
    return datetime.fromtimestamp(ceil(use.resets_at), use.rule.zone).isoformat()

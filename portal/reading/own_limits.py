"""What is left of the limits of one person: the figures of ``GET /v1/limits`` and of refusals."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from asgiref.sync import async_to_sync

from accounts.caller import Caller
from accounts.models import ApiKey
from limits.admission.gate import gate
from limits.choices import Share, SubjectKind
from limits.reading.own_use import OwnUse, uses_of
from limits.reading.words import amount_in_words
from limits.rule import Rule
from proxy.views.limits import as_json
from wire_formats.json_types import JsonObject

FULL = 100  # per cent


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimit:
    """``key`` is the one that the limit counts for alone, if it does. ``told`` is what the API
    tells of it."""

    use: OwnUse
    told: JsonObject
    key: ApiKey | None = None

    @property
    def label(self) -> str:
        return self.use.rule.label

    @property
    def amount(self) -> str:
        """``20 requests a minute``; empty for what others share, whose numbers are not told."""
        if not self.use.is_own:
            return ""
        return amount_in_words(self.use.rule, self.use.amount, has_commas=True)

    @property
    def left(self) -> Any:
        """In dollars, seconds or counts; None where it is not known or not told."""
        return self.told.get("remaining")

    @property
    def left_in_words(self) -> str:
        """``$24.41 left``; empty where it is not known or not told."""
        if self.left is None:
            return ""
        left = f"{Decimal(str(self.left)):,f}"
        match self.told["metric"]:
            case "usd":
                return f"${left} left"
            case "audio_seconds":
                return f"{left} seconds left"
            case _:
                return f"{left} left"

    @property
    def models(self) -> list[str]:
        """The models that it is for; none for all."""
        models: list[str] = self.told["models"]
        return [] if models == ["*"] else models

    @property
    def resets_at(self) -> datetime | None:
        text = self.told["resets_at"]
        return None if text is None else datetime.fromisoformat(text)

    @property
    def used_percent(self) -> int | None:
        percent: int | None = self.told["used_percent"]
        return percent

    @property
    def is_used_up(self) -> bool:
        return self.used_percent is not None and self.used_percent >= FULL


def limits_of(caller: Caller, keys: Sequence[ApiKey]) -> list[OwnLimit]:
    """Those of a person, and those that count for single ones of their ``keys``. For threads."""
    return async_to_sync(_limits_of)(caller, keys)


async def _limits_of(caller: Caller, keys: Sequence[ApiKey]) -> list[OwnLimit]:
    now = time.time()
    found = [
        OwnLimit(use=use, told=as_json(use))
        for use in await uses_of(caller, gate.book, gate.meters, now=now)
        if not _is_of_key(use.rule)
    ]
    if not any(map(_is_of_key, gate.book.rules)):
        return found
    for key in keys:
        of_key = replace(caller, key_id=key.pk, key_hint=key.hint)
        found += (
            OwnLimit(use=use, told=as_json(use), key=key)
            for use in await uses_of(of_key, gate.book, gate.meters, now=now)
            if _is_of_key(use.rule)
        )
    return found


def _is_of_key(rule: Rule) -> bool:
    return rule.share is Share.EACH_KEY or rule.subject_kind is SubjectKind.KEY

"""What is left of the limits of a group, for the people who look after it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group

from limits.configuration.descriptions import limit_in_words
from limits.models import Limit
from limits.reading.usage_now import ShareUse, most_used


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimit:
    """``use`` is that of the share of which most is used; None where nothing is known of it."""

    label: str
    words: str
    use: ShareUse | None

    @property
    def used_percent(self) -> int | None:
        percent = None if self.use is None else self.use.per_cent
        return None if percent is None else min(percent, 100)


def limits_of_group(group: Group) -> list[GroupLimit]:
    """The limits that are set for ``group``. Three queries."""
    rows = list(Limit.objects.filter(group=group).prefetch_related("changes").order_by("label"))
    used = most_used(rows)
    return [
        GroupLimit(label=row.label, words=limit_in_words(row), use=used.get(row.pk)) for row in rows
    ]

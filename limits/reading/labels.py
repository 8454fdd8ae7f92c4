"""The limits behind the marks of a record, by their labels."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from limits.marks import read_mark
from limits.models import Limit
from usage.counted_limits import CountedLimit


def counted(marks: Iterable[str]) -> list[CountedLimit]:
    """Each limit once, in the order of ``marks``. One query, or none without marks."""
    ids = list(dict.fromkeys(mark.limit_id for text in marks if (mark := read_mark(text))))
    labels = dict(Limit.objects.filter(pk__in=ids).values_list("pk", "label")) if ids else {}
    return [
        CountedLimit(
            label=labels.get(pk, f"limit {pk} (deleted)"),
            url=_page(pk) if pk in labels else "",
        )
        for pk in ids
    ]


def _page(pk: int) -> str:
    return reverse("admin:limits_limit_change", args=[pk])

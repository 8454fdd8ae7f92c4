"""Filters of the list of usage records, and the address of the records behind a figure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.contrib.filters.forms import SearchForm


class WholeTextFilter(admin.FieldListFilter):
    """Records whose field is the text, not ones that hold it: ``o1`` is not in ``gpt-4o1``."""

    template = "unfold/filters/filters_field.html"
    form_class = SearchForm

    def expected_parameters(self) -> list[str | None]:
        return [self.field_path]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        text = self._text()
        if not text:  # a form that was left empty
            return queryset
        try:
            return queryset.filter(**{self.field_path: text})
        except ValueError as exc:  # a text for a number
            raise IncorrectLookupParameters(exc) from exc

    def choices(self, changelist: Any) -> Iterator[Any]:
        label = f"{capfirst(str(self.title))}, the whole of it"
        yield {
            "form": self.form_class(
                name=self.field_path, label=label, data={self.field_path: self._text()}
            )
        }

    def _text(self) -> str:
        given: Any = self.used_parameters.get(self.field_path)
        return str(given[-1]) if given else ""


class PeriodFilter(RangeDateTimeFilter):
    """A range of moments in ``GATEWAY_TIME_ZONE``, of which the title tells."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for end, lookup in (("from", "gte"), ("to", "lte")):
            moment = self._moment(end)
            if moment is not None:
                queryset = queryset.filter(**{f"{self.field_path}__{lookup}": moment})
        return queryset

    def _moment(self, end: str) -> datetime | None:
        day, time = (self.used_parameters.get(f"{self.field_path}_{end}_{n}") for n in (0, 1))
        try:
            moment = datetime.fromisoformat(f"{day}T{time or '00:00'}")
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_default_timezone())


def records_since(since: datetime, **fields: Any) -> str:
    """The address of the list of the records with these ``fields`` from ``since`` on."""
    local = since.astimezone(timezone.get_default_timezone())
    period = {"accepted_at_from_0": f"{local:%Y-%m-%d}", "accepted_at_from_1": f"{local:%H:%M:%S}"}
    return f"{reverse('admin:usage_usagerow_changelist')}?{urlencode(period | fields)}"

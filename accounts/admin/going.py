"""What goes together with rows that an admin deletes: counted by kind, in one query.

Django's own page loads each row of each kind, by a query for every relation and every relation of
those. A user with stored conversations or a connection with thousands of listed models would make
the question take longer than the deletion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.utils import quote
from django.db.models import CASCADE, PROTECT, RESTRICT, Count, Model, Q, QuerySet, Value
from django.db.models.deletion import get_candidate_relations_to_delete
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst

Path = tuple[type[Model], str]  # a model, and its way to the rows that are deleted


def holds_back(model: type[Model]) -> bool:
    """Whether rows of others may forbid the deletion of a row of ``model``."""
    kinds = [model, *(of for of, _ in paths(model))]
    relations = [each for kind in kinds for each in _relations(kind)]
    return any(relation.on_delete in {PROTECT, RESTRICT} for relation in relations)


def _relations(model: type[Model]) -> Iterable[Any]:
    """Those by which rows of others point at a row of ``model``."""
    return get_candidate_relations_to_delete(model._meta)


def paths(model: type[Model], behind: str = "", seen: frozenset[Any] = frozenset()) -> list[Path]:
    """The relations whose rows go with a row of ``model``, and those that go with these."""
    found: list[Path] = []
    for relation in _relations(model):
        if relation.on_delete is not CASCADE or relation.field in seen:
            continue
        way = f"{relation.field.name}__{behind}" if behind else relation.field.name
        found.append((relation.related_model, way))
        found += paths(relation.related_model, way, seen | {relation.field})
    return found


def going_with(rows: Sequence[Model]) -> dict[type[Model], int]:
    """How many rows of which models go with ``rows``, which are of one model. One query."""
    ways: dict[type[Model], list[str]] = {}
    for model, way in paths(type(rows[0])):
        ways.setdefault(model, []).append(way)
    if not ways:
        return {}
    models = list(ways)
    first, *others = [
        _counted(number, _of(model, ways[model], rows)) for number, model in enumerate(models)
    ]
    counted = first.union(*others, all=True) if others else first
    return {models[number]: count for number, count in counted if count}


def _of(model: type[Model], ways: Iterable[str], rows: Sequence[Model]) -> QuerySet[Any]:
    pks = [row.pk for row in rows]
    return model._base_manager.filter(reduce(or_, (Q(**{f"{way}__in": pks}) for way in ways)))


def _counted(number: int, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    named = rows.order_by().values(kind=Value(number))
    return named.annotate(count=Count("pk")).values_list("kind", "count")


def deleted_objects(rows: Sequence[Model], request: HttpRequest, site: AdminSite) -> Any:
    """What ``ModelAdmin.get_deleted_objects`` returns, for rows that :func:`holds_back` allows.

    The rows, with how many of which kind go with them; the numbers by kind; the kinds that
    ``request`` may not delete; and nothing protected.
    """
    going = going_with(rows)
    opts = rows[0]._meta
    lines = [_line(model, number) for model, number in going.items()]
    shown: list[Any] = [_named(row, site) for row in rows]
    if lines:
        shown.append(lines)
    counts = {opts.verbose_name_plural: len(rows)}
    for model, number in going.items():
        name = model._meta.verbose_name_plural
        counts[name] = counts.get(name, 0) + number
    return shown, counts, set(_forbidden(rows, going, request, site)), []


def _line(model: type[Model], number: int) -> str:
    opts = model._meta
    return f"{number:,} {opts.verbose_name if number == 1 else opts.verbose_name_plural}"


def _named(row: Model, site: AdminSite) -> str:
    opts = row._meta
    kind = capfirst(opts.verbose_name)
    name = f"{site.name}:{opts.app_label}_{opts.model_name}_change"
    try:
        url = reverse(name, args=[quote(row.pk)])
    except NoReverseMatch:
        return f"{kind}: {row}"
    return format_html('{}: <a href="{}">{}</a>', kind, url, row)


def _forbidden(
    rows: Sequence[Model], going: Iterable[type[Model]], request: HttpRequest, site: AdminSite
) -> Iterator[Any]:
    """The kinds of which ``request`` may not delete some row."""
    for model in (type(rows[0]), *going):
        if not site.is_registered(model):
            continue
        admin = site.get_model_admin(model)
        them: Iterable[Any] = rows if isinstance(rows[0], model) else _asked_for(admin, rows)
        if not all(admin.has_delete_permission(request, row) for row in them):
            yield model._meta.verbose_name


def _asked_for(admin: ModelAdmin[Any], rows: Sequence[Model]) -> Iterable[Any]:
    """The rows that ``admin`` judges one by one; else None, which stands for all of them."""
    if type(admin).has_delete_permission is ModelAdmin.has_delete_permission:
        return [None]
    ways = [way for model, way in paths(type(rows[0])) if model is admin.model]
    return _of(admin.model, ways, rows).iterator()

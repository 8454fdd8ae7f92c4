"""Forms that refuse to save over what somebody else has saved since they were opened.

A form carries a fingerprint of each value that it shows. When it comes back, the row is locked and
the fingerprints are compared: what differs was changed by somebody else meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.text import capfirst

SENT_AS = "row_versions"
LONGEST_SHOWN = 100

Versions = dict[str, str]


class RefusesStaleEdits:
    """For a ``ModelAdmin``. Values of ``undisclosed`` fields are not shown to the other editor."""

    change_form_after_template = "admin/row_versions.html"
    undisclosed: ClassVar[tuple[str, ...]] = ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form: Any = super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]
        if obj is None or not change:
            return form
        return type(form.__name__, (StaleEditForm, form), {"page": self, "request": request})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form: Any = context["adminform"].form
        row = context.get("original")
        if isinstance(form, StaleEditForm) and row is not None:
            known = form.versions or _parsed(form.data.get(SENT_AS))
            versions = known or self.versions(request, row, form.base_fields)
            context["row_versions"] = json.dumps(versions)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def versions(self, request: HttpRequest, row: models.Model, names: Iterable[str]) -> Versions:
        """The fingerprints of the fields ``names`` of ``row``, and of its inline rows."""
        fields = ((name, field_of(row, name)) for name in names)
        found = {name: _fingerprint(_raw(row, field)) for name, field in fields if field}
        for inline in self.get_inline_instances(request, row):  # type: ignore[attr-defined]
            link = inline.get_formset(request, row).fk.name
            rows = inline.model._default_manager.filter(**{link: row}).order_by("pk")
            found[str(inline.opts.verbose_name_plural)] = _fingerprint(list(rows.values_list()))
        return found

    def change_by_others(self, row: models.Model, names: Iterable[str]) -> str:
        """What a person is told whose form is older than ``row`` in ``names``."""
        told = " ".join(f"{self._told(row, name)}." for name in names)
        last = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk)
        ).first()
        who = f"{last.user} ({last.action_time:%Y-%m-%d %H:%M} UTC)" if last else "somebody else"
        return (
            f"Not saved: {who} has changed this since you opened it. {told} What you entered is "
            "below, except for secrets: save again to put it in the place of theirs, or open the "
            "page again to begin from theirs."
        )

    def _told(self, row: models.Model, name: str) -> str:
        field = field_of(row, name)
        label = capfirst(str(field.verbose_name)) if field else capfirst(name)
        if field is None or name in self.undisclosed:
            return f"“{label}” has another value now"
        return f"“{label}” is now “{_shown(row, field)}”"


class StaleEditForm:
    """In front of a form of a row that is there; ``versions`` are those of now once it is stale."""

    data: Any
    base_fields: ClassVar[Any]
    page: ClassVar[Any]
    request: ClassVar[HttpRequest]
    versions: Versions | None = None

    def clean(self) -> Any:
        cleaned = super().clean()  # type: ignore[misc]
        form: Any = self
        sent = _parsed(form.data.get(SENT_AS))
        if not sent:
            return cleaned  # sent by no page of ours
        locked = type(form.instance)._default_manager.select_for_update()
        row = locked.filter(pk=form.instance.pk).first()
        if row is None:
            return cleaned
        now = self.page.versions(self.request, row, form.base_fields)
        if stale := [name for name in now if sent.get(name, now[name]) != now[name]]:
            self.versions = now
            form.add_error(None, self.page.change_by_others(row, stale))
        return cleaned


class StaleRowForm:
    """For the form of one row in a list: it refuses fields that somebody else has set meanwhile.

    A field that was not edited keeps what the row has now, whatever the list showed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        for field in fields.values():
            # What the page showed comes back beside what was entered.
            field.show_hidden_initial = True

    def add_initial_prefix(self, field_name: str) -> str:
        """A name that does not end as the field's own, by which the theme finds what to sort."""
        return f"{self.add_prefix(field_name)}-shown"  # type: ignore[attr-defined]

    def clean(self) -> Any:
        cleaned = super().clean()  # type: ignore[misc]
        form: Any = self
        for name in form.changed_data:
            shown = form.data.get(form.add_initial_prefix(name))
            now = form.get_initial_for_field(form.fields[name], name)
            if shown is not None and shown != str(now) and cleaned.get(name) != now:
                form.add_error(name, f"Not saved: somebody else has set this to {now}.")
        for name in cleaned.keys() - set(form.changed_data):
            if field_of(form.instance, name) is not None:
                cleaned[name] = getattr(form.instance, name)
        return cleaned


def field_of(row: models.Model, name: str) -> Any:
    """The field of the model; None for one that only the form has, and for inline rows."""
    try:
        field: Any = row._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return None if field.auto_created else field


def _raw(row: models.Model, field: Any) -> Any:
    if field.many_to_many:
        return sorted(getattr(row, field.name).values_list("pk", flat=True))
    return field.value_from_object(row)


def _shown(row: models.Model, field: Any) -> str:
    if field.many_to_many:
        value: Any = ", ".join(map(str, getattr(row, field.name).all()))
    elif field.choices:
        value = dict(field.flatchoices).get(field.value_from_object(row))
    else:
        value = getattr(row, field.name)
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "empty" if value in (None, "") else str(value)[:LONGEST_SHOWN]


def _fingerprint(value: Any) -> str:
    # Under the secret key: values may be secrets, and short.
    text = json.dumps(value, sort_keys=True, default=str)
    return salted_hmac("accounts.admin.stale_edits", text).hexdigest()[:16]


def _parsed(sent: Any) -> Versions:
    try:
        versions = json.loads(sent) if isinstance(sent, str) else {}
    except (ValueError, RecursionError):
        return {}
    return versions if isinstance(versions, dict) else {}

"""The forms of a limit: the whole of it, and a raise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.admin.fields import LinesField
from connections.models import ConnectionKey
from limits.choices import OF_UPSTREAMS, Metric, Share, SubjectKind
from limits.configuration.dates import in_time
from limits.configuration.raises import RaiseSpec
from limits.configuration.subjects import UnknownSubjectError, share_of
from limits.models import Limit
from limits.models.limits import SUBJECT_FIELDS
from limits.validators import validate_addresses, validate_amount, validate_share

NAMES = {Share.EACH_USER: SubjectKind.USER, Share.EACH_KEY: SubjectKind.KEY}


class PerCentsField(forms.CharField):
    """Whole per cents with commas between them."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[int]:  # type: ignore[override]
        parts = [part.strip() for part in (value or "").split(",")]
        try:
            return [int(part.rstrip("%")) for part in parts if part]
        except ValueError as exc:
            raise ValidationError("Give whole per cents, such as 50, 80, 95, 100.") from exc

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return (initial or []) != self.to_python(data)
        except ValidationError:
            return True


class ConnectionKeyField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        key: ConnectionKey = obj
        return f"{key} of {key.connection.name}"


class LimitForm(forms.ModelForm):
    """What a limit counts, and for whom, is read-only once it is there, and no field then."""

    model_patterns = LinesField(
        label="Models",
        initial=["*"],
        help_text="One per line, as clients call them; * stands for any characters, as in gpt-4*.",
    )
    endpoints = LinesField(
        required=False,
        help_text="One per line, such as chat/completions or audio/*. Empty: all.",
    )
    thresholds = PerCentsField(
        required=False, label="Alerts at (%)", help_text="With commas. Empty: no alerts."
    )
    alert_emails = LinesField(
        required=False,
        label="Alerts to",
        help_text="Mail addresses, one per line, beside those that the gateway's settings name.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("amount", "assumed_per_million"):  # without the zeros of the column
            if isinstance(value := self.initial.get(name), Decimal):
                self.initial[name] = f"{value.normalize():f}"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance.pk is None:
            self._clean_subject(cleaned)
            self._clean_window(cleaned)
        metric = cleaned.get("metric") or self.instance.metric
        if metric and cleaned.get("amount") is not None:
            try:
                validate_amount(Metric(metric), cleaned["amount"])
            except ValidationError as exc:
                self.add_error("amount", exc)
        return cleaned

    def clean_alert_emails(self) -> Any:
        validate_addresses(found := self.cleaned_data["alert_emails"])
        return found

    def _clean_subject(self, cleaned: dict[str, Any]) -> None:
        """Keep the fields that count: the page hides the others, which may be filled in."""
        kind = cleaned.get("subject_kind")
        if not kind:
            return
        for name in SUBJECT_FIELDS:
            if name != kind:
                cleaned[name] = None
        if kind in OF_UPSTREAMS:
            cleaned["wait_seconds"] = 0.0
        if kind != SubjectKind.EVERYONE and cleaned.get(kind) is None and kind not in self.errors:
            self.add_error(kind, "Choose one: the limit is for it.")
        if share := cleaned.get("share"):
            try:
                validate_share(SubjectKind(kind), Share(share))
            except ValidationError as exc:
                self.add_error("share", exc)

    def _clean_window(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("metric") == Metric.CONCURRENCY:
            cleaned["window"] = ""
        elif cleaned.get("metric") and not cleaned.get("window") and "window" not in self.errors:
            self.add_error("window", "Choose the time in which the amount may be used.")


class RaiseForm(forms.Form):
    """Another amount until a date; ``share`` is there where there are several."""

    amount = forms.DecimalField(
        min_value=0, max_digits=20, decimal_places=9, widget=UnfoldAdminDecimalFieldWidget()
    )
    until = forms.DateTimeField(
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )
    share = forms.CharField(
        required=False, max_length=160, label="For", widget=UnfoldAdminTextInputWidget()
    )
    reason = forms.CharField(required=False, max_length=200, widget=UnfoldAdminTextInputWidget())

    def __init__(self, limit: Limit, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit = limit
        kind = NAMES.get(Share(limit.share))
        if kind is None:
            del self.fields["share"]
        else:
            who = "The name of one user" if kind is SubjectKind.USER else "The id of one key"
            self.fields["share"].help_text = f"{who}. Empty: for all."

    def clean_amount(self) -> Any:
        validate_amount(Metric(self.limit.metric), amount := self.cleaned_data["amount"])
        return amount

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until <= timezone.now():
            raise ValidationError("Choose a time in the future.")
        try:
            return in_time(until)
        except ValueError as exc:
            raise ValidationError(f"This {exc}.") from exc

    def clean_share(self) -> str:
        name = self.cleaned_data["share"].strip()
        if not name:
            return ""
        share = f"{NAMES[Share(self.limit.share)]}:{name}"
        try:
            share_of(share)
        except UnknownSubjectError as exc:
            raise ValidationError(f"{str(exc)[:1].upper()}{str(exc)[1:]}.") from exc
        return share

    @property
    def spec(self) -> RaiseSpec:
        """What a valid form asks for."""
        return RaiseSpec(**{"share": "", **self.cleaned_data})

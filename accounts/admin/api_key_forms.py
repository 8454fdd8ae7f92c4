"""The forms of an API key: the whole of it, and what a rotation asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from accounts.admin.fields import LinesField
from accounts.caller import Scope
from accounts.models import DEFAULT_OVERLAP, KeyState


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, scope.capitalize()) for scope in Scope],
        initial=[Scope.INFERENCE.value],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Inference calls models. Admin uses the administrative endpoints, for staff, as "
        "far as their permissions reach. Keys makes, rotates and revokes keys of the same user.",
    )
    model_patterns = LinesField(
        required=False,
        help_text="One per line; * stands for any characters. Narrows the key to these models. "
        "Empty: all that its user may use.",
    )

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if "expires_at" not in self.changed_data:
            return expires_at
        if self.instance.state is KeyState.EXPIRED:
            raise ValidationError("An expired key cannot be extended. Make a new one.")
        if expires_at and expires_at <= timezone.now():
            raise ValidationError(
                "Choose a time in the future, or none for a key that does not expire."
            )
        return expires_at


class RotationForm(forms.Form):
    overlap_hours = forms.FloatField(
        required=False,  # a button rotates with the usual overlap
        min_value=0,
        max_value=24 * 365,
        initial=DEFAULT_OVERLAP // timedelta(hours=1),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "number", "step": "any"}),
        label="Hours for which the present key goes on working",
        help_text="0 ends it at once.",
    )

    def clean_overlap_hours(self) -> timedelta:
        """As a span of time."""
        hours = self.cleaned_data["overlap_hours"]
        return DEFAULT_OVERLAP if hours is None else timedelta(hours=hours)

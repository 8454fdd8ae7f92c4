"""The forms of the portal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms

from portal.allowance import Allowance
from portal.keys import LONGEST_NAME, MOST_PATTERNS, NewKey
from portal.models.access_requests import LONGEST_REASON

LIFETIMES = {7: "7 days", 30: "30 days", 90: "90 days", 365: "a year"}
USUAL_DAYS = 90
OVERLAPS = {0: "End it at once", 1: "1 hour", 24: "24 hours", 168: "7 days"}


class NewKeyForm(forms.Form):
    name = forms.CharField(
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "laptop"}),
        help_text="Where you will use it: you tell your keys apart by this.",
    )
    days = forms.TypedChoiceField(label="It works for", coerce=int)
    models = forms.CharField(
        required=False,
        label="Only for these models",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono"}),
    )
    manages_keys = forms.BooleanField(
        required=False,
        label="A program makes, rotates and revokes further keys with it",
    )

    def __init__(self, *args: Any, allowed: Allowance, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowed = allowed
        choices = _lifetimes(allowed)
        self.fields["days"].choices = choices  # type: ignore[attr-defined]
        known = [days for days, _ in choices]
        self.fields["days"].initial = USUAL_DAYS if USUAL_DAYS in known else known[-1]
        told = (
            f"Your keys are for {', '.join(allowed.patterns)}."
            if allowed.patterns
            else ("Empty: for all of yours, also for later ones.")
        )
        self.fields[
            "models"
        ].help_text = f"One id a line; * stands for any characters, as in openai/*. {told}"
        if not allowed.may_make_managing_keys:
            del self.fields["manages_keys"]

    def asked(self) -> NewKey:
        """The key that a valid form asks for."""
        cleaned = self.cleaned_data
        lines = [line.strip() for line in cleaned["models"].splitlines()[: MOST_PATTERNS + 1]]
        return NewKey(
            name=cleaned["name"],
            lifetime=timedelta(days=cleaned["days"]) if cleaned["days"] else None,
            patterns=tuple(line for line in lines if line),
            manages_keys=cleaned.get("manages_keys", False),
        )


class RotationForm(forms.Form):
    overlap_hours = forms.TypedChoiceField(
        label="The present key goes on working for",
        coerce=int,
        choices=list(OVERLAPS.items()),
        initial=24,
        help_text="Time to put the new key into your programs.",
    )


class AccessForm(forms.Form):
    model = forms.CharField(
        max_length=200,
        label="Model",
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
        help_text="Its id, as its documents have it.",
    )
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="What you need it for",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label="Mail address",
        max_length=254,
        help_text="The person finds the invitation here, on the start page, after signing in.",
    )


def _lifetimes(allowed: Allowance) -> list[tuple[int, str]]:
    """What there is to choose from, the longest that is allowed last; 0 is for ever."""
    if allowed.longest is None:
        return [*LIFETIMES.items(), (0, "ever: it does not expire")]
    most = allowed.longest.days
    shorter = [(days, words) for days, words in LIFETIMES.items() if days < most]
    return [*shorter, (most, LIFETIMES.get(most, f"{most} days"))]

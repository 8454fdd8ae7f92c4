"""The form of a new key: for a person who is known, or for one who is invited with it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminTextInputWidget

from accounts.admin.api_key_forms import ApiKeyForm
from accounts.admin.autocomplete import described
from accounts.admin.person_field import (
    CHOSEN,
    Candidate,
    PersonWidget,
    candidates,
    is_id,
    person_of,
)
from accounts.models import User
from accounts.rights import within_rights_of

INPUT = UnfoldAdminTextInputWidget().attrs


class NewKeyForm(ApiKeyForm):
    """``viewer`` makes the key. ``invited`` is the address of a person who is new."""

    viewer: ClassVar[Any]
    invited: str = ""

    person = forms.CharField(
        required=False,
        max_length=254,
        widget=PersonWidget(attrs=INPUT | {"autocomplete": "off"}),
        help_text="A user name or a mail address. A person whose address is unknown is invited: "
        "the next page shows a link beside the key.",
    )
    groups = forms.ModelMultipleChoiceField(
        queryset=Group.objects.all(),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        label="Groups of an invited person",
        help_text="They say which models the person may use.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.viewer.is_superuser:
            del self.fields["groups"]
        text = str(self.data.get("person", "")) if self.is_bound else ""
        chosen = str((self.data if self.is_bound else self.initial).get(CHOSEN) or "")
        widget: Any = self.fields["person"].widget
        widget.candidates = self._offered(text, chosen)

    def _offered(self, text: str, chosen: str) -> list[Candidate]:
        if not is_id(chosen):
            return candidates(text, self.viewer)
        user = within_rights_of(self.viewer).filter(pk=chosen).first()
        return [Candidate(id=user.pk, text=described(user), is_chosen=True)] if user else []

    def clean(self) -> Any:
        cleaned = super().clean()
        try:
            found = person_of(
                self.cleaned_data.get("person", ""), str(self.data.get(CHOSEN) or ""), self.viewer
            )
        except ValidationError as exc:
            self.add_error("person", exc)
            return cleaned
        if isinstance(found, User):
            self.instance.user = found
        else:
            self.invited = found
        if self.cleaned_data.get("groups") and not self.invited:
            self.add_error("groups", "These are for a person who is invited. Others have theirs.")
        return cleaned

"""The forms of a connection: the whole of it, and its row in the list."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.admin.fields import LinesField
from connections.admin.fields import HeaderRowsField


class ConnectionForm(forms.ModelForm):
    model_ids = LinesField(
        required=False,
        help_text="One per line. These alone are offered, also where the upstream does not list "
        "them. Empty: whatever it lists.",
    )
    tags = LinesField(required=False, help_text="One per line. Shown with every model.")
    headers = HeaderRowsField(
        required=False,
        label="Extra headers",
        help_text="Sent with every request. {{USER_NAME}}, {{USER_EMAIL}}, {{USER_ID}}, "
        "{{USER_ROLE}} and {{CHAT_ID}} are filled in. Not for keys: values are shown here.",
    )


class ConnectionRowForm(forms.ModelForm):
    """Edits in the list. Rows from the environment stay as the environment has them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for label, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{label.capitalize()} of {self.instance}"
            field.disabled = self.instance.is_from_environment

"""The forms of a connection: the whole of it, and its row in the list."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin.fields import LinesField
from accounts.admin.stale_edits import StaleRowForm
from connections.admin.fields import HeaderRowsField, ProviderTilesWidget
from connections.admin.proposals import BASE_URLS, base_of, proposed_name, provider_by_url
from connections.choices import AuthType, Provider
from connections.configuration.callers_own import RESERVED, open_auth_types, passes_on_callers_own
from connections.configuration.field_facts import proxy as proxy_as_written
from connections.configuration.stored_headers import HiddenValueError, revealed
from connections.configuration.stored_proxy import revealed_proxy
from connections.models import Connection


class ConnectionForm(forms.ModelForm):
    """``is_superuser`` says who fills it in. What only superusers choose is not offered to others.

    Connections that pass on their callers' own never get here for others than superusers.
    """

    is_superuser: ClassVar[bool] = False

    name = forms.CharField(
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Names this connection everywhere: in commands, files, logs and model ids. "
        "Empty: it is named after its provider or host.",
    )
    provider = forms.ChoiceField(
        choices=Provider.choices, widget=ProviderTilesWidget(), initial=Provider.COMPATIBLE
    )
    base_url = forms.CharField(
        label="Base URL",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget(
            attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Mostly ends in /v1. A pasted …/chat/completions is cut. Changing it drops the "
        "stored keys.",
    )
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
        "{{USER_ROLE}} and {{CHAT_ID}} are filled in. … stands for a stored value and keeps it; "
        "with another base URL the values must be entered again.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["proxy"] = self.instance.masked_proxy
        if not self.is_superuser:
            self._reserve()

    def clean_base_url(self) -> str:
        """The base of what was pasted; of a provider that is always in one place, that place."""
        given: str = self.cleaned_data["base_url"]
        base_url = base_of(given) or BASE_URLS.get(self.cleaned_data.get("provider", ""), "")
        if not base_url:
            raise ValidationError("Enter the URL of the upstream's API.")
        return base_url

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance._state.adding and cleaned.get("base_url"):
            self._propose(cleaned)
        elif not cleaned.get("name"):
            self.add_error("name", "Enter a name.")
        if "headers" in cleaned and "base_url" in cleaned:
            try:
                cleaned["headers"] = revealed(
                    cleaned["headers"],
                    self.instance.headers,
                    stored_for=self.instance.base_url,
                    base_url=cleaned["base_url"],
                )
            except HiddenValueError as exc:
                self.add_error("headers", f"The headers {exc}.")
        return cleaned

    def _propose(self, cleaned: dict[str, Any]) -> None:
        """Of a new connection, a URL is enough: its host tells the provider, and that a name."""
        if cleaned.get("provider") == Provider.COMPATIBLE:
            cleaned["provider"] = provider_by_url(cleaned["base_url"])
        if not cleaned.get("name") and "name" not in self.errors:
            taken = Connection.objects.values_list("name", flat=True)
            cleaned["name"] = proposed_name(cleaned["base_url"], cleaned.get("provider", ""), taken)

    def clean_proxy(self) -> str:
        """What the column takes, which is without user and password."""
        try:
            self.instance.proxy_url = revealed_proxy(
                proxy_as_written(self.cleaned_data["proxy"]), self.instance
            )
        except HiddenValueError as exc:
            raise ValidationError(f"The proxy {exc}.") from exc
        column: str = self.instance.proxy
        return column

    def clean_verify_tls(self) -> str:
        """A path would tell an editor whether there is such a file, so it is a superuser's."""
        value: str = self.cleaned_data["verify_tls"]
        if not self.is_superuser and value not in {"true", "false", self.instance.verify_tls}:
            raise ValidationError(f"This must be true or false. {RESERVED}: the path of a CA file.")
        return value

    def _reserve(self) -> None:
        auth_type = self.fields.get("auth_type")
        if isinstance(auth_type, forms.ChoiceField):
            own = set(open_auth_types())
            auth_type.choices = [each for each in AuthType.choices if each[0] in own]
            auth_type.help_text = f"{RESERVED}: the caller's credential or OAuth token."
        if forward_cookies := self.fields.get("forward_cookies"):
            forward_cookies.disabled = True
            forward_cookies.help_text = f"{RESERVED}: the caller's cookies are passed on."
        if proxy := self.fields.get("proxy"):
            proxy.disabled = True
            proxy.help_text = f"{RESERVED}: what is sent over plain http passes the proxy openly."
        if verify_tls := self.fields.get("verify_tls"):
            verify_tls.help_text = f"true or false. {RESERVED}: the path of a CA file."


class ConnectionRowForm(StaleRowForm, forms.ModelForm):
    """Edits in the list. Rows that the editor may not change stay as they are."""

    is_superuser: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_reserved = passes_on_callers_own(self.instance) and not self.is_superuser
        for label, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{label.capitalize()} of {self.instance}"
            field.disabled = self.instance.is_from_environment or is_reserved

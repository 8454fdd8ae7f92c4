"""The keys of a connection: written, never read. A blank field keeps what is stored."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
)

from accounts.admin.fields import LinesField
from connections.admin.editing import is_editable, is_superuser
from connections.configuration.callers_own import RESERVED
from connections.configuration.field_facts import MOST_WEIGHT
from connections.models import Connection, ConnectionKey
from connections.models.key_source import ENVIRONMENT_PREFIXES, FILE_PREFIX, KeySource
from connections.rules.mending import key_problem
from connections.rules.validators import validate_string_list


class WeightField(forms.IntegerField):
    """A field that is left empty keeps what is stored."""

    widget = UnfoldAdminIntegerFieldWidget(attrs={"aria-label": "Weight"})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return data not in {None, ""} and super().has_changed(initial, data)


class ConnectionKeyForm(forms.ModelForm):
    """``is_superuser`` says who fills it in."""

    is_superuser: ClassVar[bool] = False

    secret = forms.CharField(
        label="New key",
        required=False,
        max_length=8000,
        widget=UnfoldAdminPasswordWidget(
            # Keeps browsers from filling in the admin's own password.
            attrs={"aria-label": "New key", "autocomplete": "new-password"}
        ),
        help_text="Blank keeps the stored key. file:PATH names a file of GATEWAY_KEY_FILES_DIR.",
    )

    weight = WeightField(
        required=False,
        initial=1,
        min_value=0,
        max_value=MOST_WEIGHT,
        help_text="Its share among the keys.",
    )
    model_patterns = LinesField(
        label="Models",
        required=False,
        validators=[validate_string_list],
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "aria-label": "Models"}),
        help_text="One in a line, such as gpt-4*. Empty: all.",
    )

    class Meta:
        model = ConnectionKey
        fields: tuple[str, ...] = ("weight", "model_patterns")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attrs = self.fields["secret"].widget.attrs
        if self.data.get(self.add_prefix("secret")):
            attrs["placeholder"] = "Enter the key again"  # seen when the form had errors
        elif not self.instance._state.adding:
            attrs["placeholder"] = "Blank keeps the stored key"

    def clean(self) -> dict[str, Any]:
        if self.instance._state.adding and not self.errors and not self.cleaned_data["secret"]:
            self.add_error("secret", "Enter the key itself.")
        return self.cleaned_data

    def clean_weight(self) -> int:
        weight: int | None = self.cleaned_data["weight"]
        return self.instance.weight if weight is None else weight

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"]
        if secret.startswith(ENVIRONMENT_PREFIXES):
            # Otherwise an editor of connections could send any variable of the process to a server.
            raise ValidationError(
                "References to the environment come from configuration files only. "
                "Enter the key itself."
            )
        if secret.startswith(FILE_PREFIX):
            return self._file(secret)
        if secret and (problem := key_problem(secret)):
            raise ValidationError(f"The key {problem}.")
        return secret

    def _file(self, written: str) -> str:
        """A file may hold the key of another connection, so it is a superuser's to name."""
        if not self.is_superuser:
            raise ValidationError(f"{RESERVED}: the path of a file. Enter the key itself.")
        try:
            return KeySource.parse(written).notation
        except ValueError as exc:
            raise ValidationError(f"This is a key {exc}.") from exc

    def save(self, commit: bool = True) -> ConnectionKey:
        if self.cleaned_data["secret"]:
            self.instance.set_source(KeySource.parse(self.cleaned_data["secret"]))
            self.instance.created_at = timezone.now()
        return super().save(commit)


class ConnectionKeyFormSet(PaginationInlineFormSet):
    """Saved after the connection, which drops its keys when its base URL changed."""

    instance: Connection

    def save_existing(
        self, form: ConnectionKeyForm, obj: ConnectionKey, commit: bool = True
    ) -> ConnectionKey:
        is_gone = not ConnectionKey.objects.filter(pk=obj.pk).exists()
        if is_gone and not form.cleaned_data["secret"]:
            return obj  # a new weight must not take the old key to the new address
        # The change of the URL may have deleted the row: it is inserted again under its id.
        obj._state.adding = is_gone
        return super().save_existing(form, obj, commit)

    def save_new(self, form: ConnectionKeyForm, commit: bool = True) -> ConnectionKey:
        form.instance.position = self.next_position
        self.next_position += 1
        return super().save_new(form, commit)

    def save_new_objects(self, commit: bool = True) -> list[ConnectionKey]:
        positions = self.instance.keys.values_list("position", flat=True)
        self.next_position = max(positions, default=-1) + 1
        return super().save_new_objects(commit)

    @property
    def dropped(self) -> list[ConnectionKey]:
        """After saving: the keys that are gone though nobody removed them."""
        kept = set(self.instance.keys.values_list("pk", flat=True))
        removed = {form.instance.pk for form in self.deleted_forms}
        rows = (form.instance for form in self.initial_forms)
        return [row for row in rows if row.pk not in kept | removed]


class ConnectionKeyInline(TabularInline):
    model = ConnectionKey
    form = ConnectionKeyForm
    formset = ConnectionKeyFormSet
    verbose_name = "key"
    verbose_name_plural = "keys"
    readonly_fields = ("stored", "age")
    hide_title = True

    def get_fields(self, request: HttpRequest, obj: Connection | None = None) -> tuple[str, ...]:
        if not is_editable(request, obj):
            return self.get_readonly_fields(request, obj)
        return ("stored", "age", "secret", "weight", "model_patterns")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Connection | None = None
    ) -> tuple[str, ...]:
        uses = () if is_editable(request, obj) else ("weight", "models")
        return (*self.readonly_fields, *uses)

    @display(description="Models")
    def models(self, key: ConnectionKey) -> str:
        return ", ".join(key.model_patterns) or "all"

    def get_formset(
        self, request: HttpRequest, obj: Connection | None = None, **kwargs: Any
    ) -> Any:
        form = type(self.form.__name__, (self.form,), {"is_superuser": is_superuser(request)})
        return super().get_formset(request, obj, **{"form": form, **kwargs})

    def get_extra(self, request: HttpRequest, obj: Connection | None = None, **kwargs: Any) -> int:
        return 0 if obj is not None and obj.keys.exists() else 1

    @display(description="Stored key")
    def stored(self, key: ConnectionKey) -> str:
        return key.masked if key.connection_id and not key._state.adding else "none yet"

    @display(description="Age")
    def age(self, key: ConnectionKey) -> str:
        return timesince(key.created_at, depth=1) if not key._state.adding else ""

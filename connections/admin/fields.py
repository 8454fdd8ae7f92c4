"""Form fields for what a connection keeps as JSON, so that nobody has to write JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from unfold.widgets import BASE_INPUT_CLASSES

from connections.admin.proposals import BASE_URLS, EXAMPLES, HINTS
from connections.configuration.stored_headers import HIDDEN, hidden


class ProviderTilesWidget(forms.RadioSelect):
    """A tile for each provider, which knows its URL. Without JavaScript they are radio buttons."""

    template_name = "connections/widgets/provider_tiles.html"

    class Media:
        js = (forms.widgets.Script("connections/provider_tiles.js", type="module"),)

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        option["hint"] = HINTS.get(value, "")
        option["attrs"] |= {
            "data-url": BASE_URLS.get(value, ""),
            "data-example": EXAMPLES.get(value, ""),
        }
        return option


class HeaderRowsWidget(forms.Widget):
    """Rows of a name and a value each. Without JavaScript there are a few empty ones to fill."""

    template_name = "connections/widgets/header_rows.html"
    empty_rows = 1

    class Media:
        js = (forms.widgets.Script("connections/header_rows.js", type="module"),)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = [*(value or []), *([("", "")] * self.empty_rows)]
        context["widget"] |= {"rows": rows, "input_classes": " ".join(BASE_INPUT_CLASSES)}
        return context

    def value_from_datadict(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> list[tuple[str, str]]:
        if not isinstance(data, MultiValueDict):
            return []
        names, values = data.getlist(f"{name}_name"), data.getlist(f"{name}_value")
        rows = zip(names, values, strict=False)
        return [row for row in rows if any(cell.strip() for cell in row)]

    def value_omitted_from_data(
        self, data: Mapping[str, Any], files: MultiValueDict[str, Any], name: str
    ) -> bool:
        return False  # no rows means no headers; Django would keep the stored ones

    def id_for_label(self, id_: str) -> str:
        return ""  # the label names the group, each input has a label of its own


class HeaderRowsField(forms.Field):
    """A mapping of header names to values. The model's validators judge both.

    Stored values are not shown. The form puts them in the place of what stands for them.
    """

    widget = HeaderRowsWidget

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return list(hidden(value).items())
        return value if isinstance(value, list) else []

    def to_python(self, value: Any) -> dict[str, str]:
        headers: dict[str, str] = {}
        for name, text in ((name.strip(), text.strip()) for name, text in value or []):
            if not name:
                raise ValidationError("A row has a value but no header name.")
            if name.lower() in (known.lower() for known in headers):
                raise ValidationError(f"The header {name} is given twice.")
            headers[name] = text
        return headers

    def has_changed(self, initial: Any, data: Any) -> bool:
        stored = initial or {}
        rows = [(name.strip(), text.strip()) for name, text in data or []]
        given = [(name, stored.get(name) if text == HIDDEN else text) for name, text in rows]
        return list(stored.items()) != given

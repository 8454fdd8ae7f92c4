"""The rules for routes and policies. Validators raise ``ValidationError`` with helpful words."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from connections.rules.model_ids import is_model_id


def validate_printable(text: str) -> None:
    if not text.isprintable() or text != text.strip():
        raise ValidationError("This begins or ends with a space, or holds a control character.")


def validate_upstream_model(text: str) -> None:
    if not is_model_id(text) or text != text.strip():
        raise ValidationError("This is not a valid model id.")


def validate_called_model(text: str) -> None:
    """A model as clients call it."""
    validate_upstream_model(text)
    if "*" in text:
        raise ValidationError("A model id cannot hold a *: in grants it stands for any characters.")

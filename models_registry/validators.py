"""The rules for a registered model. Validators raise ``ValidationError`` with helpful words."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError

from connections.rules.model_ids import is_model_id
from wire_formats.family_facts import facts_of

LARGEST_DEFAULTS_BYTES = 16 * 1024

# Only the client sets the content of its request, and how its response is read.
NO_DEFAULTS = frozenset(
    {"input", "messages", "metadata", "model", "prompt", "stream", "stream_options", "user"}
)


def validate_model_id(text: str) -> None:
    if not is_model_id(text) or text != text.strip():
        raise ValidationError("This is not a valid model id.")


def validate_public_id(text: str) -> None:
    validate_model_id(text)
    if "*" in text:
        raise ValidationError("A model id cannot hold a *: in grants it stands for any characters.")


def validate_default_parameters(value: Any) -> None:
    if not isinstance(value, dict):
        raise ValidationError('Enter a JSON object, such as {"temperature": 0.2}.')
    if refused := sorted(NO_DEFAULTS & value.keys()):
        raise ValidationError(f"A default cannot be set for {', '.join(refused)}.")
    try:
        size = len(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as exc:
        raise ValidationError("This cannot be sent as JSON.") from exc
    if size > LARGEST_DEFAULTS_BYTES:
        raise ValidationError(f"The parameters are longer than {LARGEST_DEFAULTS_BYTES} bytes.")


def validate_family_facts(value: Any) -> None:
    try:
        facts_of(value)
    except ValueError as exc:
        raise ValidationError(f"The facts are not valid: {exc}.") from exc

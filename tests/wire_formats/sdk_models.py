"""TypedDicts of ours beside the models of an SDK."""

from typing import NotRequired, get_origin, get_type_hints

from anthropic.types import StopReason
from pydantic import BaseModel


def misfits(kind: type, model: type[BaseModel]) -> set[str]:
    """The fields that ``model`` does not know, or that it requires and ``kind`` may lack."""
    given = get_type_hints(kind, localns={"StopReason": StopReason}, include_extras=True)
    # With annotations as strings, `__required_keys__` takes no notice of `NotRequired`.
    always = {
        name
        for name, hint in given.items()
        if name in kind.__required_keys__ and get_origin(hint) is not NotRequired
    }
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    unknown = given.keys() - model.model_fields.keys()
    return unknown | (required - always)

"""The rules for the id of a model, for listed and for called models."""

from __future__ import annotations

LONGEST_MODEL_ID = 512
# Characters that end a path, or that a second decoding would change.
NOWHERE_IN_IT = frozenset("\\?#%")


def is_model_id(text: str) -> bool:
    """Whether ``text`` can be shown in a line and put into a path without leaving either."""
    return (
        0 < len(text) <= LONGEST_MODEL_ID
        and text.isprintable()
        and NOWHERE_IN_IT.isdisjoint(text)
        and {".", ".."}.isdisjoint(text.split("/"))
    )

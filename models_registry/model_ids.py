"""What may be the id of a model: the same for what is listed and for what is called."""

from __future__ import annotations

LONGEST_MODEL_ID = 512
# What ends a path, or is read as another character by whoever decodes it once more.
NOWHERE_IN_IT = frozenset("\\?#%")


def is_model_id(text: str) -> bool:
    """Whether ``text`` can be shown in a line and put into a path without leaving either."""
    return (
        0 < len(text) <= LONGEST_MODEL_ID
        and text.isprintable()
        and NOWHERE_IN_IT.isdisjoint(text)
        and {".", ".."}.isdisjoint(text.split("/"))
    )

"""What may be the id of a model: the same for what is listed and for what is called."""

from __future__ import annotations

LONGEST_MODEL_ID = 512


def is_model_id(text: str) -> bool:
    """Whether ``text`` can be shown in a line and put into a path without leaving either."""
    return (
        0 < len(text) <= LONGEST_MODEL_ID
        and text.isprintable()
        and "\\" not in text
        and {".", ".."}.isdisjoint(text.split("/"))
    )

"""Fields of forms that would refer to something, which no form may."""

from __future__ import annotations

import re

from proxy.client_side.errors import InvalidRequestError
from proxy.references.names import LONGEST_SHOWN, Kind, folded, kind_of

# The only fields of a form that some reader takes for a JSON object.
NESTING = frozenset({"extrabody"})
UNSAID_IN_FORMS = frozenset(Kind) - {Kind.HOLDER, Kind.TYPE, Kind.READ, Kind.CONTENT}
STEP = re.compile(r"[\[\].]+")


def check_form_field(name: str) -> None:
    """Refuse a field of a form that refers to anything but the model, which is named by ``model``.

    ``models[]``, ``fallbacks[0][model]`` and ``prompt.id`` are read as paths. Raises
    ``InvalidRequestError``.
    """
    if name == "model":
        return
    first, *others = [step for step in STEP.split(name.strip()) if step] or [name]
    kinds = {kind_of(step) for step in (first, *others)}
    is_held = bool(others) and bool({Kind.HOLDER} & kinds) and "id" in map(folded, others)
    is_held = is_held or "url" in map(folded, others)
    if is_held or folded(first) in NESTING or UNSAID_IN_FORMS & kinds:
        shown = name[:LONGEST_SHOWN]
        raise InvalidRequestError(
            f"The field `{shown}` is not accepted in a form.", param=shown, code="unsupported_field"
        )

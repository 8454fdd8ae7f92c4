"""Earlier messages of Anthropic's that a request refers to: for a thread, and for a diagnosis."""

from __future__ import annotations

from accounts.caller import Caller
from proxy.references.ownership import looked_up
from proxy.references.reading import PREVIOUS_MESSAGE
from proxy.references.stored_rows import StoredReference
from wire_formats.json_types import JsonObject
from wire_formats.json_values import is_given

FOLLOWED = ("thread", "diagnostics")
DIAGNOSTICS, FALLBACKS = "diagnostics", "fallbacks"
# Anthropic's own choice of models: it names none.
NAMELESS = "default"
# An object of Anthropic's account, and so nothing to an upstream that is asked for a chat.
ANTHROPICS = frozenset({"user_profile_id"})


def is_followed(body: JsonObject) -> bool:
    """Whether later requests may refer to the message that answers ``body``."""
    return any(is_given(body.get(name)) for name in FOLLOWED)


def previous_message(body: JsonObject, name: str) -> str | None:
    """The message that the field ``name`` of ``body`` refers to."""
    field = body.get(name)
    id_ = field.get(PREVIOUS_MESSAGE) if isinstance(field, dict) else None
    return id_ if isinstance(id_, str) else None


def guarded_part(body: JsonObject, *, is_native: bool) -> JsonObject:
    """``body`` without what refers to nothing, or never reaches the upstream as it is.

    ``is_native``: an upstream that speaks Messages may get it.
    """
    apart = set() if is_native else {name for name in ANTHROPICS if name in body}
    if previous_message(body, DIAGNOSTICS) is not None:
        apart.add(DIAGNOSTICS)
    if body.get(FALLBACKS) == NAMELESS:
        apart.add(FALLBACKS)
    return {name: body[name] for name in body if name not in apart} if apart else body


async def kept_for_diagnostics(body: JsonObject, caller: Caller) -> StoredReference | None:
    """The caller's own message that ``body`` is to be compared with, if there is one.

    A diagnosis is a hint alone: where the message is unknown, the request goes without. Raises
    ``ApiError`` when the database does not answer.
    """
    id_ = previous_message(body, "diagnostics")
    return None if id_ is None else (await looked_up(caller, {id_})).get(id_)

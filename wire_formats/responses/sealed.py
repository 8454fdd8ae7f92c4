"""The reasoning of other APIs in ``encrypted_content``, so that clients bring it back.

Clients of Responses keep this field and understand nothing of it, which is what a signature needs:
Anthropic takes its own thoughts back only byte for byte, and Gemini's calls only with theirs. The
form is ours, and no secret: a version, then JSON in base64. It never goes to an upstream as it is,
and what is in it was checked by no guard of references: it is to hold nothing that refers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from wire_formats.carried_json import is_marked, marked, value_of
from wire_formats.chat.reasoning import TEXT_PLACES, Thought, reasoning_field_of
from wire_formats.json_types import JsonObject

PREFIX = "gatehouse.1."
OF_THE_MESSAGE = ""  # the place of what belongs to no call


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which field of a chat told the thoughts, and which model, by the name the client calls it."""

    reasoning_field: str = ""
    model: str = ""


UNKNOWN = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """``signatures`` are Gemini's, by the ids of calls; that of the message has no id."""

    thoughts: tuple[Thought, ...] = ()
    signatures: dict[str, str] = field(default_factory=dict)
    origin: Origin = UNKNOWN


def sealed(
    thoughts: Iterable[Thought],
    signatures: dict[str, str] | None = None,
    origin: Origin = UNKNOWN,
) -> str:
    """The text for ``encrypted_content``."""
    told = [{k: v for k, v in asdict(thought).items() if v} for thought in thoughts]
    value: JsonObject = {"thoughts": told} | ({"signatures": signatures} if signatures else {})
    if origin.reasoning_field:
        value |= {"spelling": origin.reasoning_field, "model": origin.model}
    return marked(value, PREFIX)


def origin_of(said: JsonObject, body: JsonObject) -> Origin:
    """That of the reasoning in a message or a delta, which answers the request ``body``."""
    return Origin(reasoning_field=reasoning_field_of(said), model=str(body.get("model")))


def is_sealed(text: Any) -> bool:
    """Whether ``text`` is of this gateway's making."""
    return is_marked(text, PREFIX)


def opened(text: Any) -> Sealed | None:
    """The reasoning in ``text``; None for what was not written here, or was changed since."""
    value = value_of(text, PREFIX)
    try:
        thoughts = tuple(Thought(**each) for each in value["thoughts"])
    except (KeyError, TypeError):
        return None
    signatures = value.get("signatures", {})
    if not all(map(_is_sound, thoughts)) or not _is_texts(signatures):
        return None
    own = tuple(map(_self_contained, thoughts))
    return Sealed(thoughts=own, signatures=signatures, origin=_origin(value))


def without_seals(body: JsonObject) -> tuple[JsonObject, tuple[str, ...]]:
    """``body`` for an upstream that seals its reasoning itself, and the places of what is missing.

    Such an upstream refuses a request with reasoning that it did not seal.
    """
    items = body.get("input")
    if not isinstance(items, list):
        return body, ()
    ours = [
        place
        for place, item in enumerate(items)
        if isinstance(item, dict) and is_sealed(item.get("encrypted_content"))
    ]
    if not ours:
        return body, ()
    left = set(ours)
    kept = [item for place, item in enumerate(items) if place not in left]
    return body | {"input": kept}, tuple(f"input.{place}" for place in ours)


def _origin(value: JsonObject) -> Origin:
    reasoning_field, model = value.get("spelling"), value.get("model")
    if reasoning_field not in TEXT_PLACES or not isinstance(model, str):
        return UNKNOWN
    return Origin(reasoning_field=reasoning_field, model=model)


def _is_texts(value: Any) -> bool:
    """Anybody may write a seal, so nothing in it could be more than a text to an upstream."""
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _self_contained(thought: Thought) -> Thought:
    """``thought`` with no id that an upstream would look up, as it does where nothing is sealed."""
    return thought if thought.sealed else replace(thought, id="")


def _is_sound(thought: Thought) -> bool:
    values = asdict(thought)
    is_summary = values.pop("is_summary")
    return isinstance(is_summary, bool) and all(isinstance(v, str) for v in values.values())

"""The plain parameters of a chat in Anthropic's words. What is changed or left out is named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from wire_formats.chat.reading import SCHEMA_FORMAT, described_schema, output_limit
from wire_formats.errors import UnsendableError
from wire_formats.family import Family
from wire_formats.fitting import digest_of
from wire_formats.json_types import JsonObject
from wire_formats.unread import unread

if TYPE_CHECKING:
    from anthropic.types import JSONOutputFormatParam, MetadataParam, TextBlockParam

Tier = Literal["auto", "standard_only"]

# For a model that is not in the table of families; Anthropic insists on a limit.
DEFAULT_MAX_TOKENS = 8192
HIGHEST_TEMPERATURE = 1
LEAST_TOP_P_OF_THINKING = 0.95
LIMITS = ("max_completion_tokens", "max_tokens")
# Leaving them out means the same.
NO_SAMPLING = {"temperature": 1, "top_p": 1}
# Anthropic asks for an id that tells nothing of the person: no name, no address, no number.
OPAQUE_ID = re.compile(r"(?=.*[A-Za-z_-])[\w.:|=/-]{1,256}\Z", re.ASCII)
TIERS: dict[str, Tier] = {
    "auto": "auto",
    "default": "standard_only",
    "standard_only": "standard_only",
}
JSON_ONLY = "Answer with one JSON object and nothing else."


def token_limit(body: JsonObject, family: Family, lost: list[str]) -> tuple[int, bool]:
    """``max_tokens``, and whether it is the client's."""
    given = next((name for name in LIMITS if body.get(name) is not None), None)
    highest = family.max_output_tokens
    if given is None:
        return highest or DEFAULT_MAX_TOKENS, False
    limit = output_limit(body)
    if limit is None or isinstance(limit, bool) or limit < 1:
        raise UnsendableError(f"`{given}` must be a whole number above 0.", param=given)
    if highest is not None and limit > highest:
        lost.append(given)
        return highest, True
    return limit, True


def sampling_of(
    body: JsonObject, family: Family, *, is_thinking: bool, lost: list[str]
) -> JsonObject:
    """``temperature``, ``top_p`` and ``top_k`` as far as the model takes them."""
    given = {
        name: value
        for name in ("temperature", "top_p", "top_k")
        if isinstance(value := body.get(name), int | float) and not isinstance(value, bool)
    }
    matter = {name: value for name, value in given.items() if value != NO_SAMPLING.get(name)}
    if family.sampling == "none":
        lost += matter
        return {}
    if is_thinking:
        kept = {
            name: value
            for name, value in matter.items()
            if name == "top_p" and value >= LEAST_TOP_P_OF_THINKING
        }
        lost += [name for name in matter if name not in kept]
        return kept
    if family.sampling == "one" and {"temperature", "top_p"} <= given.keys():
        name = "top_p" if "temperature" in matter or "top_p" not in matter else "temperature"
        del given[name]
        lost += [name] if name in matter else []
    if given.get("temperature", 0) > HIGHEST_TEMPERATURE:
        given["temperature"] = HIGHEST_TEMPERATURE
        lost.append("temperature")
    return given


def stops_of(body: JsonObject, lost: list[str]) -> list[str]:
    """The stop sequences without those of blanks, which Anthropic refuses."""
    sequences: list[str] = []
    for name in ("stop", "stop_sequences"):
        value: Any = body.get(name)
        value = [value] if isinstance(value, str) else value or []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise UnsendableError(f"`{name}` must be a string or an array of strings.", param=name)
        kept = [each for each in value if each.strip()]
        if len(kept) < len(value):
            lost.append(name)
        sequences += kept
    return sequences


def user_of(body: JsonObject, lost: list[str]) -> MetadataParam | None:
    """The client's own id of its user, or a digest of what may tell who that is."""
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if metadata.keys() - {"user_id"}:
        lost.append("metadata")
    for name, value in (
        ("user", body.get("user")),
        ("safety_identifier", body.get("safety_identifier")),
        ("metadata", metadata.get("user_id")),
    ):
        if isinstance(value, str | int) and value and not isinstance(value, bool):
            user = str(value)
            if OPAQUE_ID.match(user):
                return {"user_id": user}
            lost.append(name)
            return {"user_id": f"user-{digest_of(user, 32)}"}
    return None


def format_of(
    body: JsonObject, lost: list[str]
) -> tuple[JSONOutputFormatParam | None, list[TextBlockParam]]:
    """``output_config.format``, and what is to be said to the model where there is none."""
    match body.get("response_format") or None:
        case {"type": "json_schema", "json_schema": {"schema": dict()} as form} as whole:
            lost += unread(whole, SCHEMA_FORMAT, "response_format")
            return {"type": "json_schema", "schema": _closed(described_schema(form))}, []
        case {"type": "json_object"}:
            lost.append("response_format")
            return None, [{"type": "text", "text": JSON_ONLY}]
        case None | {"type": "text"}:
            return None, []
    lost.append("response_format")
    return None, []


def _closed(schema: Any) -> Any:
    """``schema`` with the ``additionalProperties: false`` that Anthropic insists on in objects."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if closed.get("type") == "object" and isinstance(closed.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed


def tier_of(body: JsonObject, lost: list[str]) -> Tier | None:
    """None where Anthropic's default says the same."""
    tier = body.get("service_tier")
    if tier is None or tier == "auto":
        return None
    if tier in TIERS:
        return TIERS[tier]
    lost.append("service_tier")
    return None

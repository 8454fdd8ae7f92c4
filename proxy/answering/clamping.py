"""An output that is cut to what still fits a limit: its maximum, put into the call."""

from __future__ import annotations

from connections.call import Call
from proxy.answering.demand import CHAT_LIMITS, answers_in, whole
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.json_types import JsonObject

# The fields that name a maximum, the one to put where there is none first.
FIELDS = {
    CHAT_COMPLETIONS: ("max_tokens", "max_completion_tokens"),
    "completions": ("max_tokens",),
    "responses": ("max_output_tokens",),
    "messages": ("max_tokens",),
}
OF_MESSAGES = ("max_output_tokens", "max_response_output_tokens")  # the latter is the older one
OLLAMA_LIMIT = "num_predict"  # among the `options` of a chat, where it comes first


def clamped(call: Call, cap: int) -> Call:
    """``call`` with ``cap`` tokens for all of its answers together, at the most.

    A maximum that is lower stays, and so does what is no number. The call itself is returned where
    nothing has to be changed.
    """
    fields = FIELDS.get(call.endpoint)
    if fields is None:
        return call
    each = max(cap // answers_in(call.endpoint, call.body), 1)
    if call.endpoint == CHAT_COMPLETIONS:
        fields = chat_fields(call)
    changes = _changes(call.body, fields, each)
    if call.endpoint == CHAT_COMPLETIONS:
        changes |= _changes_of_options(call.body, each)
    return call.with_body(call.body | changes) if changes else call


def clamped_message(message: JsonObject, cap: int, *, is_realtime: bool) -> JsonObject:
    """A ``response.create`` of a socket with ``cap`` tokens at the most.

    Realtime has its fields under ``response``, as the older form of Responses has.
    """
    within = message.get("response")
    if isinstance(within, dict) or is_realtime:
        fields = within if isinstance(within, dict) else {}
        return message | {"response": fields | _changes(fields, OF_MESSAGES, cap)}
    return message | _changes(message, OF_MESSAGES, cap)


def name_for_client(endpoint: str, call: Call) -> str:
    """The parameter that :func:`clamped` changes, as a client of ``endpoint`` knows it."""
    if endpoint == CHAT_COMPLETIONS and call.endpoint == endpoint:
        return next(
            (name for name in CHAT_LIMITS if call.body.get(name) is not None), chat_fields(call)[0]
        )
    return FIELDS.get(endpoint, FIELDS[CHAT_COMPLETIONS])[0]


def chat_fields(call: Call) -> tuple[str, ...]:
    """The fields of a chat, the one of its model's family first."""
    is_reasoning = call.family.is_reasoning if call.is_reasoning is None else call.is_reasoning
    return CHAT_LIMITS if is_reasoning else FIELDS[CHAT_COMPLETIONS]


def _changes(body: JsonObject, fields: tuple[str, ...], cap: int) -> JsonObject:
    given = [name for name in fields if body.get(name) is not None]
    if not given:
        return {fields[0]: cap}
    return {name: cap for name in given if _is_above(body[name], cap)}


def _changes_of_options(body: JsonObject, cap: int) -> JsonObject:
    options = body.get("options")
    if not isinstance(options, dict) or options.get(OLLAMA_LIMIT) is None:
        return {}
    limit = options[OLLAMA_LIMIT]
    is_endless = isinstance(limit, int) and limit < 0
    if not (is_endless or _is_above(limit, cap)):
        return {}
    return {"options": options | {OLLAMA_LIMIT: cap}}


def _is_above(value: object, cap: int) -> bool:
    """Whether ``value`` is a higher maximum, or the word for none."""
    limit = whole(value)
    return value == "inf" or (limit is not None and limit > cap)

"""An output that is cut to what still fits a limit: its maximum, put into the call."""

from __future__ import annotations

from connections.call import Call
from proxy.answering.demand import CHAT_LIMITS, OLLAMA_LIMITS
from proxy.answering.output_limits import ALSO_READ, answers_in, fields_of, whole
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


def clamped(call: Call, cap: int) -> Call:
    """``call`` with ``cap`` tokens for all of its answers together, at the most.

    A maximum that is lower stays. What is no number does not: some upstreams read it as one, or as
    no maximum. The call itself is returned where nothing has to be changed.
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
    above = {
        name: cap for name in fields_of(body, (*fields, *ALSO_READ)) if not _holds(body[name], cap)
    }
    if all(body.get(name) is None for name in fields):
        above[fields[0]] = cap
    return above


def _changes_of_options(body: JsonObject, cap: int) -> JsonObject:
    options = body.get("options")  # of Ollama, where they come first
    if not isinstance(options, dict):
        return {}
    above = {
        name: cap for name in fields_of(options, OLLAMA_LIMITS) if not _holds(options[name], cap)
    }
    return {"options": options | above} if above else {}


def _holds(value: object, cap: int) -> bool:
    """Whether ``value`` is a maximum of no more than ``cap``."""
    return 0 < (whole(value) or 0) <= cap

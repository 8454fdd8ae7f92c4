"""The messages of a chat as Anthropic's ``system`` and ``messages``.

A conversation goes on whatever stands in its past: what cannot be expressed there becomes text, or
is left out and named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wire_formats.chat.reading import (
    CALL,
    LEGACY_CALL,
    RESULT_ROLES,
    SYSTEM_ROLES,
    answered_until,
    further_fields,
    messages_of,
    parts_with,
)
from wire_formats.chat.reasoning import FIELDS
from wire_formats.json_cost import Budget
from wire_formats.json_types import JsonObject
from wire_formats.messages.request_from_chat.call_ids import Pairing
from wire_formats.messages.request_from_chat.message import MessageReader
from wire_formats.messages.types import THOUGHTS
from wire_formats.unread import ALL, Among, Fields, all_of

if TYPE_CHECKING:
    from anthropic.types import TextBlockParam

    from wire_formats.messages.request_from_chat.call_ids import Items
    from wire_formats.messages.types import RequestMessage, Role

EXPRESSED: Fields = {
    **all_of("role", "tool_call_id", "refusal", "cache_control", "is_error", *FIELDS),
    "content": parts_with("cache_control", detail=Among(("auto",))),
    "tool_calls": {**CALL, "cache_control": ALL},
    "function_call": LEGACY_CALL,
}
# Anthropic begins with the user's words, and most of its models end with them.
GO_ON: TextBlockParam = {"type": "text", "text": "Continue."}


@dataclass(slots=True)
class History:
    """``lost`` names what was left out or changed."""

    system: list[TextBlockParam] = field(default_factory=list)
    messages: list[RequestMessage] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def is_prefilled(self) -> bool:
        """Whether the answer has to go on from the assistant's own words."""
        return bool(self.messages) and self.messages[-1]["role"] == "assistant"

    @property
    def calls_without_thought(self) -> bool:
        """Whether the answer goes on from calls whose thoughts are missing."""
        last = next((each for each in reversed(self.messages) if each["role"] == "assistant"), None)
        if last is None or not _results_in(self.messages[-1]):
            return False
        return bool(last["content"][0]["type"] not in THOUGHTS)

    @property
    def called(self) -> list[str]:
        """The names of the functions that were called, each once."""
        blocks = (block for message in self.messages for block in message["content"])
        return list(dict.fromkeys(each["name"] for each in blocks if each["type"] == "tool_use"))


def history_of(body: JsonObject, *, keeps_all_thoughts: bool = False) -> History:
    """The conversation of a chat's ``body``. Raises :class:`UnsendableError`.

    ``keeps_all_thoughts``: the model demands them back, and looks at no signature.
    """
    history = History()
    budget = Budget()
    messages = list(messages_of(body))
    begin = answered_until(messages)
    turns: list[tuple[Role, Items]] = []
    for index, message in enumerate(messages):
        is_past = index < begin or message["role"] in RESULT_ROLES
        reader = MessageReader(
            message,
            f"messages.{index}",
            history.lost,
            is_past=is_past,
            keeps_all_thoughts=keeps_all_thoughts,
            budget=budget,
        )
        history.lost += further_fields(message, EXPRESSED)
        if message["role"] in SYSTEM_ROLES:
            history.system += reader.words()
        else:
            _add(turns, *reader.turn())
    if (turns and turns[0][0] == "assistant") or (not turns and history.system):
        turns.insert(0, ("user", [GO_ON]))
    pairing = Pairing()
    history.messages = list(pairing.messages(turns))
    history.lost += pairing.lost
    return history


def _add(turns: list[tuple[Role, Items]], role: Role, items: Items) -> None:
    """Neighbours of one role go into one message: results of tools must stand together."""
    if not items:
        return
    if turns and turns[-1][0] == role:
        turns[-1][1].extend(items)
    else:
        turns.append((role, items))


def _results_in(message: RequestMessage) -> bool:
    return any(block["type"] == "tool_result" for block in message["content"])

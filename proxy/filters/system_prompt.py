from __future__ import annotations

from typing import Any

from django.conf import settings

from accounts.caller import Caller
from wire_formats.chat.reading import SYSTEM_ROLES
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.json_types import JsonObject

# The field of each endpoint for instructions outside of the messages.
INSTRUCTIONS = {"responses": "instructions", "messages": "system"}


class SystemPromptPrefix:
    """Puts ``GATEWAY_SYSTEM_PROMPT_PREFIX`` before the instructions of every conversation.

    Endpoints that know no instructions, such as completions and embeddings, are left alone.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.prefix: str = settings.GATEWAY_SYSTEM_PROMPT_PREFIX

    async def inlet(self, body: JsonObject, caller: Caller) -> JsonObject:
        if not self.prefix:
            return body
        if field := INSTRUCTIONS.get(self.endpoint):
            return body | {field: self.prefixed(body.get(field))}
        if self.endpoint == CHAT_COMPLETIONS:
            return body | {"messages": self.messages(body["messages"])}
        return body

    def messages(self, messages: list[Any]) -> list[Any]:
        """``messages`` whose first one instructs, be it the client's or one of our own."""
        first = messages[0] if messages else None
        if isinstance(first, dict) and first.get("role") in SYSTEM_ROLES:
            return [first | {"content": self.prefixed(first.get("content"))}, *messages[1:]]
        return [{"role": "system", "content": self.prefix}, *messages]

    def prefixed(self, instructions: Any) -> Any:
        """``instructions``, a string or an array of parts, after the prefix."""
        if isinstance(instructions, list):
            return [{"type": "text", "text": self.prefix}, *instructions]
        return f"{self.prefix}\n\n{instructions}" if instructions else self.prefix

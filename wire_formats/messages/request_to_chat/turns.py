"""The messages of a chat, put together turn by turn."""

from __future__ import annotations

from wire_formats.json_types import JsonObject


class Turns:
    """The messages so far. ``called`` are the ids of the calls that are to be answered now.

    ``has_strict_roles``: a user may not speak right after a tool.
    """

    def __init__(self, *, has_strict_roles: bool) -> None:
        self.called: frozenset[str] = frozenset()
        self._has_strict_roles = has_strict_roles
        self._messages: list[JsonObject] = []
        self._texts: list[str] = []  # further ones of the last message, joined once it is complete

    def append(self, message: JsonObject) -> None:
        """Add ``message``, or its text to that of the last one of the same role.

        Anthropic takes neighbours for one turn; some upstreams refuse roles that do not alternate.
        """
        if self._messages and self._joins(self._messages[-1], message):
            self._texts.append(message["content"])
            return
        self._join()
        self._messages.append(message)
        if message["role"] != "tool":
            self.called = frozenset(call["id"] for call in message.get("tool_calls", ()))

    def messages(self) -> list[JsonObject]:
        """All of them, complete."""
        self._join()
        return self._messages

    def _join(self) -> None:
        if self._texts:
            last = self._messages[-1]
            last["content"] = "\n\n".join(filter(None, (last["content"], *self._texts)))
            self._texts = []

    def _joins(self, last: JsonObject, message: JsonObject) -> bool:
        if not (_is_text(message) and isinstance(last["content"], str)):
            return False
        if last["role"] == "tool":
            return self._has_strict_roles and message["role"] == "user"
        return last["role"] == message["role"] != "system" and _is_text(last)


def _is_text(message: JsonObject) -> bool:
    return message.keys() == {"role", "content"} and isinstance(message["content"], str)

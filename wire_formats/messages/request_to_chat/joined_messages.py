"""The messages of a chat, put together turn by turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wire_formats.chat.request_types import Message


class JoinedMessages:
    """The messages so far. ``called`` are the ids of the calls that are to be answered now.

    ``has_strict_roles``: a user may not speak right after a tool.
    """

    def __init__(self, *, has_strict_roles: bool) -> None:
        self.called: frozenset[str] = frozenset()
        self._has_strict_roles = has_strict_roles
        self._messages: list[Message] = []
        self._texts: list[str] = []  # of the last message, joined once it is complete

    def append(self, message: Message) -> None:
        """Add ``message``, or its text to that of the last one of the same role.

        Anthropic takes neighbours for one turn; some upstreams refuse roles that do not alternate.
        """
        content = message["content"]
        if isinstance(content, str) and self._joins(message):
            self._texts.append(content)
            return
        self._join()
        self._messages.append(message)
        self._texts = [content] if isinstance(content, str) else []
        if message["role"] == "assistant":
            self.called = frozenset(call["id"] for call in message.get("tool_calls", ()))
        elif message["role"] != "tool":
            self.called = frozenset()

    def messages(self) -> list[Message]:
        """All of them, complete."""
        self._join()
        return self._messages

    def _join(self) -> None:
        if len(self._texts) > 1:
            self._messages[-1]["content"] = "\n\n".join(filter(None, self._texts))
            self._texts = []

    def _joins(self, message: Message) -> bool:
        """Whether the text of ``message`` goes on with that of the last one."""
        if not (self._texts and _is_text(message)):
            return False
        last = self._messages[-1]
        if last["role"] == "tool":
            return self._has_strict_roles and message["role"] == "user"
        return last["role"] == message["role"] != "system" and _is_text(last)


def _is_text(message: Message) -> bool:
    return message.keys() == {"role", "content"} and isinstance(message["content"], str)

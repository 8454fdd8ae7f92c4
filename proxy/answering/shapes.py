"""What counts as the beginning of an answer, and so as the end of trying."""

from __future__ import annotations

from enum import Enum, auto

from wire_formats.chat.dialect import CHAT
from wire_formats.dialect import Dialect
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.images.dialect import EDITS, IMAGES
from wire_formats.messages.dialect import MESSAGES
from wire_formats.responses.dialect import RESPONSES


class Shape(Enum):
    """The answers that a surface expects of its upstreams."""

    ANSWER = auto()  # a JSON object as a whole, or the first content of its stream
    DOCUMENT = auto()  # any text as a whole, or the first byte of events
    SOUND = auto()  # the first byte, without which there is none
    SOCKET = auto()  # a WebSocket, whose handshake sets nothing in motion that costs
    ANYTHING = auto()  # a success by its status alone


# The dialects of streams by the endpoint that was asked.
DIALECTS: dict[str, Dialect] = {
    CHAT_COMPLETIONS: CHAT,
    "completions": CHAT,
    "messages": MESSAGES,
    "responses": RESPONSES,
    "images/generations": IMAGES,
    "images/edits": EDITS,
}

"""How each API writes its streams: what matters in them, how they end, and how they fail.

A dialect has no state; one instance serves every stream. Whatever it does not care about is never
parsed.
"""

from wire_formats.chat.dialect import CHAT, ChatDialect
from wire_formats.dialect import Dialect, Sign, json_object
from wire_formats.images.dialect import IMAGES
from wire_formats.messages.dialect import ANTHROPIC, anthropic_type
from wire_formats.responses.dialect import RESPONSES, ResponsesDialect

__all__ = [
    "ANTHROPIC",
    "CHAT",
    "IMAGES",
    "RESPONSES",
    "ChatDialect",
    "Dialect",
    "ResponsesDialect",
    "Sign",
    "anthropic_type",
    "json_object",
]

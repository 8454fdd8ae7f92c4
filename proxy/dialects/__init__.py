"""How each API writes its streams: what matters in them, how they end, and how they fail.

A dialect has no state; one instance serves every stream. Whatever it does not care about is never
parsed.
"""

from proxy.dialects.anthropic import ANTHROPIC, anthropic_type
from proxy.dialects.base import Dialect, Sign, json_object
from proxy.dialects.chat import CHAT, ChatDialect
from proxy.dialects.images import IMAGES
from proxy.dialects.responses import RESPONSES, ResponsesDialect

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

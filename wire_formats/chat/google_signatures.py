"""Google's signatures of calls and messages, which its models want back.

https://ai.google.dev/gemini-api/docs/thought-signatures
"""

from __future__ import annotations

from wire_formats.chat.types import GoogleFields
from wire_formats.json_types import JsonObject


def google_signature(holder: JsonObject) -> str:
    """The signature of a call or of a message; empty where there is none."""
    match holder.get("extra_content"):
        case {"google": {"thought_signature": str(signature)}}:
            return signature
        case _:
            return ""


def sign_by_google(holder: GoogleFields, signature: str) -> None:
    """Give ``signature`` back with a call or a message; nothing for an empty one."""
    if signature:
        holder["extra_content"] = {"google": {"thought_signature": signature}}

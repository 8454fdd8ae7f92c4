"""Whether an upstream has the endpoint for Responses, and whether its refusal says that it has not.

Only the path may be at fault. A model that is not there, or anything else that was asked for, is
the client's affair, and asking once more would not help.
"""

from __future__ import annotations

import re

from models_registry.targets import Target
from wire_formats.provider_errors import error_in_body
from wire_formats.secrets import LONGEST_TEXT

RESPONSES = "responses"
NOT_FOUND = 404
STATUSES = frozenset({NOT_FOUND, 405, 501})
# What a 404 may speak of apart from the path.
ANOTHER_MATTER = re.compile(
    r"model|deployment|response with|previous|item|file_|vector|container|conversation|prompt",
    re.IGNORECASE,
)
# How servers say that they have no such path: Go, FastAPI, Express, OpenAI, Groq, Kong, llama.cpp …
MISSING = re.compile(
    r"^(?:404\W*)?(?:(?:page|path|route|url|method|file|resource|endpoint|the requested url)\W*)?"
    r"(?:was\W+)?not\W+found\b"
    r"|cannot post|invalid url|unknown (?:request )?url|no (?:such )?route|no handler"
    r"|(?:unknown|unexpected|invalid|unsupported|no such) (?:endpoint|path|route|operation)"
    r"|(?:endpoint|path|route|url|operation)\b.{0,80}(?:not found|not exist|not supported|unknown)"
    r"|method not allowed|not implemented|/responses\b",
    re.IGNORECASE,
)


def takes_responses(target: Target) -> bool:
    """Whether the upstream is asked for a response, and not for a chat.

    Chats alone pass the filters of pipelines servers.
    """
    connection = target.connection
    adapter = connection.adapter
    return (
        (adapter.endpoints is None or RESPONSES in adapter.endpoints)
        and adapter.speaks_responses is not False
        and RESPONSES not in connection.lacking
        and not target.filters
    )


def says_path_is_missing(status: int, body: bytes) -> bool:
    """Whether a response with this ``status`` and ``body`` is about the path that was asked."""
    if status not in STATUSES:
        return False
    told = error_in_body(body)
    if ANOTHER_MATTER.search(told.code) or ANOTHER_MATTER.search(told.param):
        return False
    text = (told.message.strip() or _plain_text(body))[:LONGEST_TEXT]
    if not text:
        return True
    if ANOTHER_MATTER.search(text):
        return False
    return status != NOT_FOUND or MISSING.search(text) is not None


def _plain_text(body: bytes) -> str:
    """What is no JSON: a server's page says nothing of what was asked for, a line of text may."""
    text = body.decode(errors="replace").strip()
    return "" if text.startswith(("<", "{", "[")) else text

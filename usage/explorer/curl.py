"""A request like a recorded one, as a command line to paste. Its body was not kept."""

from __future__ import annotations

import json
import shlex
from typing import Any

from usage.exchange import Surface
from usage.models import UsageRow

BODIES: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": [{"role": "user", "content": "…"}]},
    "messages": {"max_tokens": 100, "messages": [{"role": "user", "content": "…"}]},
    "completions": {"prompt": "…"},
    "responses": {"input": "…"},
    "embeddings": {"input": "…"},
    "audio/speech": {"input": "…", "voice": "alloy"},
    "images/generations": {"prompt": "…"},
    "rerank": {"query": "…", "documents": ["…"]},
}
OF_FILES = ("audio/transcriptions", "audio/translations", "images/edits", "images/variations")


def curl(row: UsageRow, base_url: str) -> str:
    """``base_url`` ends in ``/v1``. Empty for web sockets, and where no example is known."""
    is_known = row.endpoint in BODIES or row.endpoint in OF_FILES
    if row.surface == Surface.WEBSOCKET or not is_known:
        return ""
    lines = [f"curl {shlex.quote(f'{base_url}/{row.endpoint}')}"]
    lines.append('-H "Authorization: Bearer $KEY"')
    if row.endpoint in OF_FILES:
        lines += [f"-F {shlex.quote(f'model={row.model}')}", "-F file=@FILE"]
    else:
        body: dict[str, Any] = {"model": row.model} | BODIES[row.endpoint]
        if row.is_streamed:
            body["stream"] = True
        told = json.dumps(body, ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(told)}"]
    return " \\\n  ".join(lines)

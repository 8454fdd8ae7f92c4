"""The models on offer. ``demo/slashed:free`` is there for what its name does to URLs."""

from __future__ import annotations

from typing import Any

import orjson

from demo_upstream.errors import DemoError

CREATED = 1_750_000_000

CHAT_MODELS = frozenset({"demo-chat", "demo-echo", "demo/slashed:free"})
EMBEDDING_MODELS = frozenset({"demo-embedding"})
SPEECH_MODELS = frozenset({"demo-tts"})
LISTENING_MODELS = frozenset({"demo-stt"})
ALL_MODELS = sorted(CHAT_MODELS | EMBEDDING_MODELS | SPEECH_MODELS | LISTENING_MODELS)

_entries: dict[str, dict[str, Any]] = {
    name: {"id": name, "object": "model", "created": CREATED, "owned_by": "gatehouse"}
    for name in ALL_MODELS
}
LIST = orjson.dumps({"object": "list", "data": list(_entries.values())})
ENTRIES = {name: orjson.dumps(entry) for name, entry in _entries.items()}


def unknown_model(name: object) -> DemoError:
    return DemoError(
        f"The model {name!r} does not exist.", status=404, param="model", code="model_not_found"
    )


def chosen_model(body: dict[str, Any], suitable: frozenset[str]) -> str:
    """The model that ``body`` names. Raises ``DemoError`` unless it is among ``suitable``."""
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise DemoError("`model` must be a string.", param="model")
    if name in suitable:
        return name
    if name not in ENTRIES:
        raise unknown_model(name)
    raise DemoError(f"The model {name!r} cannot do this.", param="model")

"""The models that a message of a realtime or Responses socket names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connections.call import JsonObject
from proxy.errors import InvalidRequestError

# Where a message names the model that the socket is for.
MAIN = ((), ("session",), ("response",))
# Where a session names another one, for what the user says.
SIDE = (
    ("session", "input_audio_transcription"),
    ("session", "audio", "input", "transcription"),
)


def main_models(message: JsonObject) -> Iterator[JsonObject]:
    """The objects in ``message`` whose ``model`` has to be the socket's."""
    return _naming(message, MAIN)


def side_models(message: JsonObject) -> Iterator[JsonObject]:
    """The objects in ``message`` whose ``model`` does other work."""
    return _naming(message, SIDE)


def _naming(message: JsonObject, paths: Any) -> Iterator[JsonObject]:
    for path in paths:
        found: Any = message
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, dict):
            _refuse_other_spellings(found)
            if found.get("model") is not None:
                yield found


def _refuse_other_spellings(fields: JsonObject) -> None:
    """Some upstreams would take a ``Model`` for the model. Raises ``InvalidRequestError``."""
    if any(name.casefold() == "model" and name != "model" for name in fields):
        raise InvalidRequestError("Write `model` in small letters.", param="model")

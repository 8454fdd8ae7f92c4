"""The models that a message of a realtime or Responses socket names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accounts.caller import Caller
from connections.call import JsonObject
from models_registry.registry import active
from models_registry.targets import Target
from proxy.errors import InvalidRequestError, ModelNotFoundError

# Where a message names the model that the socket is for.
MAIN = ((), ("session",), ("response",))
# Where a session names another one, for what the user says.
SIDE = (
    ("session", "input_audio_transcription"),
    ("session", "audio", "input", "transcription"),
)


def name_as_upstream(message: JsonObject, model: str, *, target: Target, caller: Caller) -> None:
    """Put the upstream's names for those of clients: of ``model``, served by ``target``, and of
    others on the same connection that ``caller`` may use. Raises ``ApiError`` for any other."""
    for fields in _naming(message, MAIN):
        if fields["model"] != model:
            raise ModelNotFoundError(str(fields["model"]))
        fields["model"] = target.model
    for fields in _naming(message, SIDE):
        name = fields["model"]
        is_name = isinstance(name, str) and name != ""
        usable = active().snapshot.view(caller).route(name) if is_name else ()
        here = [other.model for other in usable if other.line is target.line]
        if not here:
            raise ModelNotFoundError(str(name))
        fields["model"] = here[0]


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

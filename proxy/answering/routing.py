"""From the model a client names to the targets that may serve it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.caller import Caller
from connections.configuration.options import Options
from connections.rules.model_ids import is_model_id
from models_registry.registry import Registry
from models_registry.targets import Target
from proxy.client_side.errors import ApiDisabledError, InvalidRequestError, ModelNotFoundError
from wire_formats.endpoints import CHATS

UNKNOWN_SECONDS = 1.0  # between two refreshes for unknown models


def model_of(body: dict[str, Any]) -> str:
    """The model a request names. Raises ``InvalidRequestError`` if that cannot be a model's id."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise InvalidRequestError("`model` must be a string.", param="model")
    check_model_id(model)
    return model


async def default_model(registry: Registry, caller: Caller, names: Sequence[str]) -> str:
    """The first of ``names`` that ``caller`` may use, for a request that names no model.

    Raises ``InvalidRequestError`` if the caller may use none of them.
    """

    def usable() -> str:
        view = registry.snapshot.view(caller)
        return next((name for name in names if view.route(name)), "")

    # Just after the start an upstream may not have been asked for its models yet.
    await registry.settled(lambda: bool(usable()))
    if found := usable():
        return found
    known = ", ".join(f"`{name}`" for name in names)
    raise InvalidRequestError(
        f"`model` must be a string: you have access to none of the API's defaults ({known}).",
        param="model",
    )


def check_model_id(model: str) -> None:
    """Refuse what could only be meant to leave a path or a line."""
    if not is_model_id(model):
        raise InvalidRequestError("`model` must be the id of a model.", param="model")


async def route(
    registry: Registry, caller: Caller, model: str, *, endpoint: str = ""
) -> tuple[tuple[Target, ...], Options]:
    """The targets of ``model`` in the order to try them, and the switches that hold for the call.

    Raises ``ModelNotFoundError`` for a model that does not exist or that ``caller`` may not use,
    and for a model that is not for chat on an ``endpoint`` that is.
    """
    options = registry.snapshot.options
    if not options.enable_openai_api:
        raise ApiDisabledError("The API is switched off by an administrator.")
    targets = targets_of(registry, caller, model, endpoint)
    if is_ready(targets):
        return targets, options
    # After a start, lists of models may still be on their way.
    await registry.settled(lambda: is_ready(targets_of(registry, caller, model, endpoint)))
    if targets := targets_of(registry, caller, model, endpoint):
        if not is_ready(targets):
            registry.refresh_if_older_than(max(UNKNOWN_SECONDS, options.models_cache_ttl))
        return targets, registry.snapshot.options
    # The upstream's list may be old: after a refresh, a retry finds a new model.
    registry.refresh_if_older_than(max(UNKNOWN_SECONDS, options.models_cache_ttl))
    raise ModelNotFoundError(model)


def is_ready(targets: tuple[Target, ...]) -> bool:
    """Whether there are targets, and all is known of them that there is to know."""
    return bool(targets) and not targets[0].awaits_filters_of


def targets_of(registry: Registry, caller: Caller, model: str, endpoint: str) -> tuple[Target, ...]:
    """The targets as the current snapshot has them."""
    view = registry.snapshot.view(caller)
    return (view.for_chat() if endpoint in CHATS else view).route(model)

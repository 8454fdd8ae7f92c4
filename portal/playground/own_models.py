"""The models that a person can try, each with the parameters that its family takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypedDict

from accounts.models import ApiKey, User
from models_registry.explanation import caller_of
from models_registry.registry import active, is_running
from models_registry.targets import NOT_FOR_CHAT, Target

SPEAKS = "tts"  # in the names of models that turn text into speech


class Parameters(TypedDict):
    """The parameters of a chat. ``is_one_of``: ``temperature`` or ``top_p``, never both.

    ``max_tokens`` is the name of the field, ``max_tokens_most`` its largest value if known.
    """

    temperature: bool
    top_p: bool
    is_one_of: bool
    max_tokens: str
    max_tokens_most: int | None
    efforts: list[str]


def own_models(user: User) -> list[dict[str, Any]]:
    """The models that ``user`` may chat with or have speak, in the order of lists of models.

    Narrowed as the person's playground is, if an administrator has done that. Empty in a process
    that serves no API.
    """
    if not is_running():
        return []
    narrowed = ApiKey.objects.filter(user=user, is_playground=True)
    patterns = narrowed.values_list("model_patterns", flat=True).first() or []
    caller = replace(caller_of(user), model_patterns=tuple(patterns))
    listed = active().snapshot.view(caller).listed()
    return [found for model_id, target in listed if (found := _described(model_id, target))]


def _described(model_id: str, target: Target) -> dict[str, Any] | None:
    shown = {"id": model_id, "name": target.registration.display_name}
    if target.registration.is_chat or not _is_named_otherwise(target):
        return shown | {"kind": "chat", "parameters": parameters_of(target)}
    return shown | {"kind": "speech"} if SPEAKS in target.model.lower() else None


def _is_named_otherwise(target: Target) -> bool:
    """Lists keep such models of other providers than OpenAI, but people do not chat with them."""
    return not target.is_chat or any(part in target.model.lower() for part in NOT_FOR_CHAT)


def parameters_of(target: Target) -> Parameters:
    family = target.family
    told = target.is_reasoning
    is_reasoning = family.is_reasoning if told is None else told
    samples = family.sampling != "none"
    return Parameters(
        temperature=samples,
        top_p=samples,
        is_one_of=family.sampling == "one",
        max_tokens="max_completion_tokens" if is_reasoning else "max_tokens",
        max_tokens_most=family.max_output_tokens,
        efforts=list(family.efforts) if family.effort != "none" else [],
    )

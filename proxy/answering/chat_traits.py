"""How a target's chats take what the Messages API says: by its provider, then by its model."""

from __future__ import annotations

from dataclasses import replace

from connections.choices import ApiType, Provider
from models_registry.targets import Target
from wire_formats.family import EarlierReasoning
from wire_formats.messages.request_to_chat.chat_traits import (
    ChatTraits,
    openrouter_traits,
    traits_of,
)

OFFICIAL = frozenset({Provider.OPENAI, Provider.AZURE})


def traits_for(target: Target) -> ChatTraits:
    """The traits of ``target``'s chats."""
    upstream = target.connection.upstream
    if upstream.provider == Provider.OPENROUTER:
        return openrouter_traits(target.family)
    traits = traits_of(target.family)
    if upstream.api_type:  # translated once more, by what reads every field
        is_native = upstream.api_type == ApiType.NATIVE
        traits = replace(
            traits.without_demands(),
            reasoning=EarlierReasoning.ALL,
            has_thinking_switch=False,
            needs_signatures=False,
            takes_top_k=is_native,
        )
    elif upstream.provider in OFFICIAL:
        traits = replace(traits, has_limited_call_ids=True)
        if target.family.needs_responses != "never":  # the same, for chats with tools
            traits = replace(traits, reasoning=EarlierReasoning.ALL)
    return traits.as_admin_says(is_reasoning=target.is_reasoning)

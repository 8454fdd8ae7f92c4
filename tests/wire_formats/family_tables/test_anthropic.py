from __future__ import annotations

import pytest

from wire_formats.families import family_of

NAMES = {
    "Claude Opus 4.7, 4.8": [
        "claude-opus-4-7",
        "CLAUDE-OPUS-4-8",
        "anthropic/claude-opus-4.7",
        "us.anthropic.claude-opus-4-7-v1:0",
        "claude-opus-4-7@20260416",
        "claude-opus-4-7-20260416",
        "databricks-claude-opus-4-7",
    ],
    "Claude Opus 4.6, Sonnet 4.6": ["claude-sonnet-4-6", "claude-opus-4-6-fast"],
    "Claude Opus 4": ["claude-opus-4-20250514", "claude-opus-4-0", "claude-4-opus-20250514"],
    "Claude Sonnet 4": ["claude-sonnet-4@20250514"],
    "Claude Opus 4.1": ["anthropic.claude-opus-4-1-20250805-v1:0"],
    "Claude Opus, Sonnet and Haiku 4.5": ["claude-haiku-4-5-20251001", "claude-4.5-sonnet"],
    "Claude Opus 5, Sonnet 5": ["claude-opus-5", "claude-sonnet-5-20260630"],
    "Claude Opus 5.5": ["claude-opus-5-5"],
    "Claude Sonnet 5.5": ["claude-sonnet-5.5"],
    "Claude Haiku 5.5": ["claude-haiku-5-5"],
    "Claude Fable and Mythos 5": ["claude-fable-5", "claude-mythos-5"],
    "Claude Fable and Mythos 5.1 and later": ["claude-fable-5-2"],
    "Claude Sonnet and Haiku 3.5": ["claude-3-5-haiku-20241022"],
    "Claude 3 and earlier": ["claude-3-opus-20240229", "claude-2.1", "claude-instant-1"],
    "Claude Mythos Preview, and names of Claude that are not in this table": [
        "claude-mythos-preview",
        "claude-opus-6",
    ],
    "names with Claude that say no version": ["claude", "our_claude"],
}


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name, models in NAMES.items() for model in models]
)
def test_names_of_models_lead_to_their_family(name: str, model: str) -> None:
    assert family_of(model).name == name

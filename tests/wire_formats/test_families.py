from __future__ import annotations

import re

import pytest

from tests.support.environment import ROOT
from wire_formats.families import CHECKED, FAMILIES, UNKNOWN, family_of
from wire_formats.family import EFFORTS, Family

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
    "gpt-5": ["gpt-5", "openai/gpt-5-mini"],
    "gpt-5.4, gpt-5.5": ["gpt-5.4", "gpt-5.5-2026-04-23"],
    "gpt-5.6 and later": ["gpt-5.6-terra", "gpt-6-luna", "gpt-50"],
    "gpt-6-astra, gpt-6.1-sol": ["gpt-6.1-sol"],
    "OpenAI's models of the Responses API alone": ["o3-pro", "gpt-5.4-pro", "gpt-5.1-codex-max"],
    "gpt-5-chat-latest, …": ["gpt-5.2-chat-latest"],
    "gpt-4, gpt-3.5": ["gpt-35-turbo", "gpt-4-turbo"],
    "DeepSeek": ["deepseek-ai/DeepSeek-V3.1", "deepseek-v4-pro"],
    "Kimi K2 that thinks": ["moonshotai/Kimi-K2-Thinking", "kimi-k2.6"],
    "any other": ["llama-4", "gpt-oss-120b", "", "claude", "my-gpt-5"],
}


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name, models in NAMES.items() for model in models]
)
def test_names_of_models_lead_to_their_family(name: str, model: str) -> None:
    assert family_of(model).name == name


def test_facts_of_an_admin_replace_those_of_the_name() -> None:
    family = family_of("claude-opus-4-7", (("max_output_tokens", 9), ("sampling", "all")))

    assert (family.max_output_tokens, family.sampling) == (9, "all")
    assert family.effort == "adaptive"


def test_a_model_is_like_another() -> None:
    assert family_of("prod-7", (("like", "claude-opus-4-7"),)) is family_of("claude-opus-4-7")


def test_looking_a_family_up_again_costs_no_matching() -> None:
    family_of("claude-opus-4-7")
    hits = family_of.cache_info().hits
    family_of("claude-opus-4-7")

    assert family_of.cache_info().hits == hits + 1


def test_every_family_says_where_its_facts_are_from() -> None:
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", CHECKED)
    assert [each.name for each in FAMILIES if not each.source.startswith("https://")] == []
    assert [each.name for each in FAMILIES if not set(each.efforts) <= set(EFFORTS)] == []
    assert len({each.name for each in FAMILIES}) == len(FAMILIES)


def test_the_documents_show_the_table() -> None:
    text = (ROOT / "docs" / "providers.md").read_text()
    rows = [row(family) for family in (*FAMILIES, UNKNOWN)]

    assert [each for each in rows if each not in text] == []
    assert f"as of {CHECKED}" in text


def row(family: Family) -> str:
    """A line of the table in docs/providers.md."""
    efforts = ", ".join(family.efforts) if family.effort != "none" else ""
    notes = {
        "no forced tools": not family.takes_forced_tools,
        "no prefill": not family.takes_prefill,
        "tools at /responses": family.needs_responses == "tools",
        "/responses only": family.needs_responses == "always",
        "reasoning goes back": family.needs_reasoning_back,
    }
    cells = (
        family.name,
        f"{family.max_output_tokens:,}" if family.max_output_tokens else "",
        family.effort,
        efforts,
        family.sampling,
        ", ".join(note for note, holds in notes.items() if holds),
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")

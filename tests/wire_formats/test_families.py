from __future__ import annotations

import re

from tests.support.environment import ROOT
from wire_formats.families import CHECKED, FAMILIES, UNKNOWN, family_of
from wire_formats.family import EFFORTS, Family


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
        "thinks in tags": family.thinks_in_tags,
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

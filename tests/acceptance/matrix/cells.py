"""What is possible between each surface and each upstream: the source of the table in the docs.

All three surfaces can do the same. ``test_cells.py`` tries each cell with each of them, and
``test_table.py`` holds ``docs/api.md`` against this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

SURFACES = ("chats", "responses", "messages")
UPSTREAMS = {
    "openai": "OpenAI",
    "azure": "Azure",
    "responses": "Responses",
    "anthropic": "Anthropic",
    "openrouter": "OpenRouter",
    "ollama": "Ollama",
    "vllm": "vLLM",
    "deepseek": "DeepSeek",
    "gemini": "Gemini",
    "pipelines": "Pipelines",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """A row. ``test`` is the one in ``test_cells.py`` that tries it."""

    label: str
    test: str


CAPABILITIES = {
    "text": Capability(label="text, streamed or not", test="test_text"),
    "tools": Capability(label="tools, several calls at once", test="test_tools"),
    "images": Capability(label="images", test="test_files"),
    "image_urls": Capability(label="images by URL", test="test_files"),
    "documents": Capability(label="documents (PDF)", test="test_files"),
    "reasoning": Capability(
        label="reasoning, with signatures, there and back", test="test_reasoning"
    ),
    "schema": Capability(label="structured output", test="test_structured_output"),
    "usage": Capability(label="usage, with cache and reasoning", test="test_usage"),
    "errors": Capability(label="errors in the surface's form", test="test_errors"),
    "breaks": Capability(
        label="a stream that breaks off is an error", test="test_a_stream_that_breaks_off"
    ),
}


class Outcome(Enum):
    """``REFUSED``: by the gateway, with 400. ``REFUSED_THERE``: by the upstream, in its words."""

    SERVED = "✓"
    REFUSED = "✗"
    REFUSED_THERE = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Why cells, each a capability and an upstream, are not as the others."""

    cells: frozenset[tuple[str, str]]
    outcome: Outcome = Outcome.SERVED
    text: str


# Of the upstreams here, those with models whose names tell nothing of efforts.
NOT_KNOWN_TO_REASON = ("ollama", "vllm", "pipelines")
NOTES = (
    Note(
        cells=frozenset({("image_urls", "ollama")}),
        outcome=Outcome.REFUSED,
        text="Ollama fetches no images: send them inline",
    ),
    Note(
        cells=frozenset({("documents", "ollama")}),
        outcome=Outcome.REFUSED,
        text="Ollama reads text and images alone",
    ),
    Note(
        cells=frozenset(
            {
                ("images", "deepseek"),
                ("image_urls", "deepseek"),
                ("documents", "deepseek"),
                ("documents", "vllm"),
            }
        ),
        outcome=Outcome.REFUSED_THERE,
        text="sent on, and refused in their own words by what takes no such parts",
    ),
    Note(
        cells=frozenset({("reasoning", "gemini")}),
        text="the signatures of calls; Google's chats tell no thoughts unless asked to",
    ),
    Note(
        cells=frozenset(("reasoning", upstream) for upstream in NOT_KNOWN_TO_REASON),
        text="Messages leave an effort out, and name it, where the model is not known to reason: "
        "set the facts about its [family](providers.md#families-of-models)",
    ),
    Note(
        cells=frozenset({("usage", "ollama")}),
        text="Ollama counts neither a cache nor reasoning",
    ),
)


def pairs() -> Iterator[tuple[str, str]]:
    """Every surface with every upstream."""
    return ((surface, upstream) for surface in SURFACES for upstream in UPSTREAMS)


def note_of(capability: str, upstream: str) -> Note | None:
    return next((note for note in NOTES if (capability, upstream) in note.cells), None)


def outcome_of(capability: str, upstream: str) -> Outcome:
    note = note_of(capability, upstream)
    return Outcome.SERVED if note is None else note.outcome


def table() -> str:
    """The table and its notes in Markdown."""
    rows = [["", *UPSTREAMS.values()], ["---"] * (len(UPSTREAMS) + 1)]
    for name, capability in CAPABILITIES.items():
        rows.append([capability.label, *(_cell(name, upstream) for upstream in UPSTREAMS)])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    notes = [f"{number}. {note.text}" for number, note in enumerate(NOTES, start=1)]
    return "\n".join([*lines, "", *notes])


def _cell(capability: str, upstream: str) -> str:
    note = note_of(capability, upstream)
    return Outcome.SERVED.value if note is None else f"{note.outcome.value} {NOTES.index(note) + 1}"

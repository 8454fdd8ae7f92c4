"""What is known of families of models: limits, efforts, parameters that they refuse.

One table, read by the model's name. It is the only place that looks at names of models; an admin
overrides single facts for a model that the table does not know, or knows wrongly.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from wire_formats.family import EFFORTS, Family

CHECKED = "2026-11-28"  # the day on which every source was read
Facts = tuple[tuple[str, Any], ...]

UNKNOWN = Family(name="any other")
FOUR = ("low", "medium", "high", "max")
FIVE = ("low", "medium", "high", "xhigh", "max")

CLAUDE_MODELS = "https://platform.claude.com/docs/en/about-claude/models/overview"
CLAUDE_THINKING = "https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting"
OPENAI_MODELS = "https://developers.openai.com/api/docs/models"
OPENAI_REASONING = "https://developers.openai.com/api/docs/guides/reasoning"
OPENAI_TOOLS = "https://developers.openai.com/api/docs/guides/deployment-checklist"
DEEPSEEK = "https://api-docs.deepseek.com/guides/thinking_mode"
KIMI = "https://platform.moonshot.cn/docs/guide/use-kimi-k2-thinking-model"
GEMINI = "https://ai.google.dev/gemini-api/docs/openai"


def _claude(name: str, kinds: str, version: str, **facts: Any) -> Family:
    """``claude-opus-4-7``, also ``claude-4.7-opus``, behind any prefix and before any date.

    A major version alone is not the beginning of a minor one: ``claude-opus-4-1`` is no 4.
    """
    number = rf"{version}(?!\d|[-.]\d(?!\d))"
    pattern = rf"(?:^|[^a-z0-9])claude-(?:(?:{kinds})-{number}|{number}-(?:{kinds}))"
    defaults = {"source": CLAUDE_THINKING, "effort": "budget", "efforts": EFFORTS}
    return Family(name=name, pattern=pattern, **(defaults | facts))


def _openai(name: str, pattern: str, **facts: Any) -> Family:
    """Also behind ``openai/`` or ``openai.``, and behind nothing else."""
    return Family(name=name, pattern=rf"^(?:openai[/.])?{pattern}", **facts)


ADAPTIVE: dict[str, Any] = {
    "effort": "adaptive",
    "efforts": FIVE,
    "max_output_tokens": 128_000,
    "sampling": "none",
    "takes_prefill": False,
    "hides_thoughts": True,
    "thinks_by_default": True,
}
# gpt-35 is how Azure writes gpt-3.5, after which most deployments of it are named.
GPT_5_AND_LATER = r"gpt-(?!35)(?:[5-9]|\d{2,})"
GPT: dict[str, Any] = {
    "is_reasoning": True,
    "system_role": "developer",
    "sampling": "none",
    "max_output_tokens": 128_000,
    "source": OPENAI_REASONING,
}

# The first row that matches counts.
FAMILIES: tuple[Family, ...] = (
    _claude(
        "Claude Fable and Mythos 5.1 and later",
        "fable|mythos",
        "5[-.][1-9]",
        **ADAPTIVE | {"thinking_off": "", "takes_forced_tools": False},
    ),
    _claude("Claude Fable and Mythos 5", "fable|mythos", "5", **ADAPTIVE | {"thinking_off": ""}),
    _claude(
        "Claude Opus 5.5",
        "opus",
        "5[-.]5",
        **ADAPTIVE | {"thinking_off": "", "takes_forced_tools": False},
    ),
    _claude(
        "Claude Sonnet 5.5",
        "sonnet",
        "5[-.]5",
        **ADAPTIVE | {"thinking_off": "between_tools", "takes_forced_tools": False},
    ),
    _claude("Claude Haiku 5.5", "haiku", "5[-.]5", **ADAPTIVE),
    _claude("Claude Opus 5, Sonnet 5", "opus|sonnet", "5", **ADAPTIVE),
    _claude("Claude Opus 4.7, 4.8", "opus", "4[-.][78]", **ADAPTIVE | {"thinks_by_default": False}),
    _claude(
        "Claude Opus 4.6, Sonnet 4.6",
        "opus|sonnet",
        "4[-.]6",
        **ADAPTIVE
        | {
            "efforts": FOUR,
            "sampling": "one",
            "hides_thoughts": False,
            "thinks_by_default": False,
        },
    ),
    _claude(
        "Claude Opus, Sonnet and Haiku 4.5",
        "opus|sonnet|haiku",
        "4[-.]5",
        max_output_tokens=64_000,
        sampling="one",
    ),
    _claude("Claude Opus 4.1", "opus", "4[-.]1", max_output_tokens=32_000, sampling="one"),
    _claude("Claude Opus 4", "opus", "4(?:[-.]0)?", max_output_tokens=32_000),
    _claude("Claude Sonnet 4", "sonnet", "4(?:[-.]0)?", max_output_tokens=64_000),
    _claude("Claude Sonnet 3.7", "sonnet", "3[-.]7", max_output_tokens=64_000),
    _claude(
        "Claude Sonnet and Haiku 3.5",
        "sonnet|haiku",
        "3[-.]5",
        max_output_tokens=8_192,
        effort="none",
        efforts=(),
        source=CLAUDE_MODELS,
    ),
    Family(
        name="Claude 3 and earlier",
        pattern=r"(?:^|[^a-z0-9])claude-(?:instant|v?[123](?!\d)|(?:opus|sonnet|haiku)-3(?!\d))",
        max_output_tokens=4_096,
        effort="none",
        efforts=(),
        source=CLAUDE_MODELS,
    ),
    Family(
        name="Claude Mythos Preview, and names of Claude that are not in this table",
        pattern=r"(?:^|[^a-z0-9])claude-",
        source=CLAUDE_THINKING,
        **ADAPTIVE | {"thinking_off": "", "takes_forced_tools": False},
    ),
    _openai(
        "o1-mini, o1-preview",
        r"o1-(?:mini|preview)",
        **GPT
        | {"system_role": "user", "effort": "none", "efforts": (), "max_output_tokens": 32_768},
    ),
    _openai(
        "OpenAI's models of the Responses API alone",
        rf"(?:o\d-pro|o\d.*-deep-research|{GPT_5_AND_LATER}.*(?:-pro|-codex))",
        **GPT | {"needs_responses": "always", "efforts": EFFORTS[1:]},
    ),
    _openai("o1, o3, o4-mini, …", r"o\d", **GPT | {"max_output_tokens": 100_000}),
    _openai(
        "gpt-5-chat-latest, …",
        rf"{GPT_5_AND_LATER}.*-chat",
        **GPT | {"max_output_tokens": 16_384, "efforts": (), "effort": "none"},
    ),
    _openai(
        "gpt-6-astra, gpt-6.1-sol",
        r"gpt-6(?:-astra|\.1-sol)",
        **GPT | {"efforts": FIVE, "needs_responses": "tools", "source": OPENAI_TOOLS},
    ),
    _openai(
        "gpt-5.6 and later",
        r"gpt-(?!35)(?:5\.(?:[6-9]|\d{2,})|[6-9]|\d{2,})",
        **GPT | {"efforts": ("none", *FIVE), "needs_responses": "tools", "source": OPENAI_TOOLS},
    ),
    _openai(
        "gpt-5.4, gpt-5.5",
        r"gpt-5\.[45]",
        **GPT | {"efforts": ("none", *FIVE[:-1]), "needs_responses": "tools"},
    ),
    _openai("gpt-5.2, gpt-5.3", r"gpt-5\.[23]", **GPT | {"efforts": ("none", *FIVE[:-1])}),
    _openai("gpt-5.1", r"gpt-5\.1", **GPT | {"efforts": ("none", *FIVE[:3])}),
    _openai("gpt-5", GPT_5_AND_LATER, **GPT | {"efforts": ("minimal", *FIVE[:3])}),
    _openai(
        "gpt-4.1",
        r"gpt-4\.1",
        max_output_tokens=32_768,
        effort="none",
        efforts=(),
        source=OPENAI_MODELS,
    ),
    _openai(
        "gpt-4o",
        r"(?:chat)?gpt-4o",
        max_output_tokens=16_384,
        effort="none",
        efforts=(),
        source=OPENAI_MODELS,
    ),
    _openai(
        "gpt-4, gpt-3.5",
        r"gpt-(?:4|3\.?5)",
        max_output_tokens=4_096,
        effort="none",
        efforts=(),
        source=OPENAI_MODELS,
    ),
    Family(
        name="DeepSeek R1",
        pattern=r"(?:^|[^a-z0-9])deepseek-r1",
        source=DEEPSEEK,
    ),
    Family(
        name="DeepSeek",
        pattern=r"(?:^|[^a-z0-9])deepseek-",
        efforts=("low", "high", "max"),
        needs_reasoning_back=True,
        source=DEEPSEEK,
    ),
    Family(
        name="Kimi K3",
        pattern=r"(?:^|[^a-z0-9])kimi-k3",
        efforts=("low", "high", "max"),
        thinking_off="",
        needs_reasoning_back=True,
        source=KIMI,
    ),
    Family(
        name="Kimi K2 that thinks",
        pattern=r"(?:^|[^a-z0-9])kimi-k2(?:-thinking|[-.][5-9])",
        effort="none",
        efforts=(),
        needs_reasoning_back=True,
        source=KIMI,
    ),
    Family(
        name="Gemini 2.5 and later",
        pattern=r"(?:^|[^a-z0-9])gemini-(?:2\.5|[3-9])",
        efforts=("minimal", "low", "medium", "high"),
        max_output_tokens=65_536,
        source=GEMINI,
    ),
)
_COMPILED = tuple((re.compile(family.pattern), family) for family in FAMILIES)


@lru_cache(maxsize=8192)
def family_of(model: str, facts: Facts = ()) -> Family:
    """The family of ``model``, an upstream's name of it, with an admin's ``facts`` in place.

    ``facts`` are those of :func:`wire_formats.family_facts.facts_of`; ``like`` among them is a
    name whose family counts instead.
    """
    given = dict(facts)
    name = str(given.pop("like", "") or model).lower()
    family = next((each for pattern, each in _COMPILED if pattern.search(name)), UNKNOWN)
    return replace(family, **given) if given else family

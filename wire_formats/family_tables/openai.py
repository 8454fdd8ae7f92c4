"""Facts about OpenAI's families, at OpenAI, at Azure and at those who pass them on."""

from __future__ import annotations

from typing import Any

from wire_formats.family import EFFORTS, ChatForm, EarlierReasoning, Family

OPENAI_MODELS = "https://developers.openai.com/api/docs/models"
OPENAI_REASONING = "https://developers.openai.com/api/docs/guides/reasoning"
OPENAI_TOOLS = "https://developers.openai.com/api/docs/guides/deployment-checklist"
OPENAI_CHAT = ChatForm(reasoning=EarlierReasoning.NONE, has_limited_call_ids=True)
FIVE = ("low", "medium", "high", "xhigh", "max")
# gpt-35 is how Azure writes gpt-3.5, after which most deployments of it are named.
GPT_5_AND_LATER = r"gpt-(?!35)(?:[5-9]|\d{2,})"
GPT: dict[str, Any] = {
    "is_reasoning": True,
    "system_role": "developer",
    "sampling": "none",
    "max_output_tokens": 128_000,
    "source": OPENAI_REASONING,
}


def _openai(name: str, pattern: str, **facts: Any) -> Family:
    """A family whose names may stand behind ``openai/`` or ``openai.``, and behind nothing else."""
    pattern = rf"^(?:openai[/.])?{pattern}"
    return Family(name=name, pattern=pattern, chat=OPENAI_CHAT, **facts)


FAMILIES: tuple[Family, ...] = (
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
        name="OpenAI's models behind another prefix",
        pattern=r"[/.](?:(?:chat)?gpt-[3-9]|o[134](?:-|$))",
        efforts=(),
        chat=OPENAI_CHAT,
        source=OPENAI_MODELS,
    ),
)

"""Facts about Claude's families."""

from __future__ import annotations

from typing import Any

from wire_formats.family import EFFORTS, ChatForm, EarlierReasoning, Family

CLAUDE_MODELS = "https://platform.claude.com/docs/en/about-claude/models/overview"
CLAUDE_THINKING = "https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting"
CLAUDE_CHAT = ChatForm(
    reasoning=EarlierReasoning.ALL, keeps_cache_marks=True, openrouter_keeps_cache_marks=True
)
FOUR = ("low", "medium", "high", "max")
FIVE = ("low", "medium", "high", "xhigh", "max")
ADAPTIVE: dict[str, Any] = {
    "effort": "adaptive",
    "efforts": FIVE,
    "max_output_tokens": 128_000,
    "sampling": "none",
    "takes_prefill": False,
    "hides_thoughts": True,
    "thinks_by_default": True,
}


def _claude(name: str, kinds: str, version: str, **facts: Any) -> Family:
    """``claude-opus-4-7``, also ``claude-4.7-opus``, behind any prefix and before any date.

    A major version alone is not the beginning of a minor one: ``claude-opus-4-1`` is no 4.
    """
    number = rf"{version}(?!\d|[-.]\d(?!\d))"
    pattern = rf"(?:^|[^a-z0-9])claude-(?:(?:{kinds})-{number}|{number}-(?:{kinds}))"
    defaults = {"source": CLAUDE_THINKING, "effort": "budget", "efforts": EFFORTS}
    return Family(name=name, pattern=pattern, chat=CLAUDE_CHAT, **(defaults | facts))


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
        chat=CLAUDE_CHAT,
        source=CLAUDE_MODELS,
    ),
    Family(
        name="Claude Mythos Preview, and names of Claude that are not in this table",
        pattern=r"(?:^|[^a-z0-9])claude-",
        chat=CLAUDE_CHAT,
        source=CLAUDE_THINKING,
        **ADAPTIVE | {"thinking_off": "", "takes_forced_tools": False},
    ),
    Family(
        name="names with Claude that say no version",
        pattern="claude",
        efforts=(),
        chat=CLAUDE_CHAT,
        source=CLAUDE_MODELS,
    ),
)

"""Facts about other families: first those that have efforts or limits, then the rest."""

from __future__ import annotations

from wire_formats.family import ChatForm, EarlierReasoning, Family

DEEPSEEK = "https://api-docs.deepseek.com/guides/thinking_mode"
KIMI = "https://platform.moonshot.cn/docs/guide/use-kimi-k2-thinking-model"
GEMINI = "https://ai.google.dev/gemini-api/docs/openai"
GPT_OSS = "https://huggingface.co/blog/welcome-openai-gpt-oss"
GROK = "https://docs.x.ai/docs/guides/reasoning"
QWEN = "https://help.aliyun.com/en/model-studio/deep-thinking"
GLM = "https://docs.z.ai/guides/capabilities/thinking-mode"
MISTRAL = "https://docs.mistral.ai/capabilities/reasoning"

CONTENT_CHAT = ChatForm(reasoning=EarlierReasoning.CONTENT)
SWITCHED_CHAT = ChatForm(reasoning=EarlierReasoning.CONTENT, has_thinking_switch=True)
GEMINI_CHAT = ChatForm(reasoning=EarlierReasoning.NONE, openrouter_keeps_cache_marks=True)
SIGNED_CHAT = ChatForm(
    reasoning=EarlierReasoning.NONE, needs_signatures=True, openrouter_keeps_cache_marks=True
)
QWEN_CHAT = ChatForm(
    reasoning=EarlierReasoning.CONTENT, takes_late_system=False, openrouter_keeps_cache_marks=True
)
MISTRAL_CHAT = ChatForm(
    reasoning=EarlierReasoning.PARTS,
    has_short_call_ids=True,
    marks_prefill=True,
    has_strict_roles=True,
    takes_late_system=False,
)

FAMILIES: tuple[Family, ...] = (
    Family(
        name="DeepSeek R1",
        thinks_in_tags=True,
        pattern=r"(?:^|[^a-z0-9])deepseek-r1",
        chat=SWITCHED_CHAT,
        source=DEEPSEEK,
    ),
    Family(
        name="DeepSeek",
        pattern=r"(?:^|[^a-z0-9])deepseek-",
        efforts=("low", "high", "max"),
        needs_reasoning_back=True,
        chat=SWITCHED_CHAT,
        source=DEEPSEEK,
    ),
    Family(
        name="Kimi K3",
        pattern=r"(?:^|[^a-z0-9])kimi-k3",
        efforts=("low", "high", "max"),
        thinking_off="",
        needs_reasoning_back=True,
        chat=CONTENT_CHAT,
        source=KIMI,
    ),
    Family(
        name="Kimi K2.5, K2.6",
        pattern=r"(?:^|[^a-z0-9])kimi-k2[-.][56]",
        effort="none",
        efforts=(),
        needs_reasoning_back=True,
        chat=SWITCHED_CHAT,
        source=KIMI,
    ),
    Family(
        name="Kimi K2 that thinks",
        pattern=r"(?:^|[^a-z0-9])kimi-k2(?:-thinking|[-.][7-9])",
        effort="none",
        efforts=(),
        needs_reasoning_back=True,
        chat=CONTENT_CHAT,
        source=KIMI,
    ),
    Family(
        name="Gemini 3 and later",
        pattern=r"(?:^|[^a-z0-9])gemini-(?:[3-9]|\d{2})",
        efforts=("minimal", "low", "medium", "high"),
        max_output_tokens=65_536,
        chat=SIGNED_CHAT,
        source=GEMINI,
    ),
    Family(
        name="Gemini 2.5",
        pattern=r"(?:^|[^a-z0-9])gemini-2\.5",
        efforts=("minimal", "low", "medium", "high"),
        max_output_tokens=65_536,
        chat=GEMINI_CHAT,
        source=GEMINI,
    ),
    Family(name="gpt-oss", pattern="gpt-oss", source=GPT_OSS),
    Family(name="Grok that reasons", pattern=r"grok-(?:3-mini|[4-9])", source=GROK),
    Family(
        name="MiMo",
        pattern="mimo",
        efforts=(),
        needs_reasoning_back=True,
        chat=SWITCHED_CHAT,
        source=DEEPSEEK,
    ),
    Family(
        name="other DeepSeek",
        pattern="deepseek",
        efforts=(),
        chat=SWITCHED_CHAT,
        source=DEEPSEEK,
    ),
    Family(
        name="other Kimi",
        pattern="kimi|moonshot",
        efforts=(),
        chat=CONTENT_CHAT,
        source=KIMI,
    ),
    Family(name="Qwen", pattern="qwen|qwq", efforts=(), chat=QWEN_CHAT, source=QWEN),
    Family(
        name="GLM, MiniMax, Doubao",
        pattern=r"(?:^|[/.-])glm-[4-9]|minimax|doubao|seed-",
        efforts=(),
        chat=CONTENT_CHAT,
        source=GLM,
    ),
    Family(
        name="Mistral",
        pattern="mistral|magistral|ministral|devstral|codestral|mixtral",
        efforts=(),
        chat=MISTRAL_CHAT,
        source=MISTRAL,
    ),
    Family(name="other Gemini", pattern="gemini", efforts=(), chat=GEMINI_CHAT, source=GEMINI),
)

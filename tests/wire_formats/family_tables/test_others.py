from __future__ import annotations

import pytest

from wire_formats.families import family_of

NAMES = {
    "DeepSeek": ["deepseek-ai/DeepSeek-V3.1", "deepseek-v4-pro"],
    "DeepSeek R1": ["deepseek-r1-distill-qwen-32b"],
    "other DeepSeek": ["my.deepseek"],
    "Kimi K3": ["kimi-k3"],
    "Kimi K2.5, K2.6": ["kimi-k2.6"],
    "Kimi K2 that thinks": ["moonshotai/Kimi-K2-Thinking"],
    "other Kimi": ["kimi-latest", "moonshot-v1-8k"],
    "Gemini 3 and later": ["google/gemini-3-pro", "gemini-3.8-flash-tts", "gemini-10"],
    "Gemini 2.5": ["gemini-2.5-flash"],
    "other Gemini": ["gemini-2.0-flash"],
    "gpt-oss": ["openai/gpt-oss-120b"],
    "Grok that reasons": ["grok-4-fast", "grok-3-mini"],
    "MiMo": ["xiaomi/mimo-v2-flash"],
    "Qwen": ["qwen3-coder", "qwq-32b"],
    "GLM, MiniMax, Doubao": ["zai-org/GLM-4.6", "minimax-m2", "doubao-seed-1.6"],
    "Mistral": ["magistral-small", "open-mixtral-8x7b"],
    "any other": ["llama-4", "grok-3", "", "my-gpt-5"],
}


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name, models in NAMES.items() for model in models]
)
def test_names_of_models_lead_to_their_family(name: str, model: str) -> None:
    assert family_of(model).name == name

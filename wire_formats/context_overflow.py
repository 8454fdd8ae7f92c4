"""A request with more tokens than the model's context holds: found in any provider's words.

Clients shorten a conversation by themselves if they are told of it in the words that they know:
OpenAI's code ``context_length_exceeded``, or Anthropic's "prompt is too long".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Statuses under which some providers tell of a context that is too long.
MAY_BE_OVERFLOW = frozenset({400, 404, 413, 422, 500})
CODE = "context_length_exceeded"
CODES = frozenset(
    {
        CODE,
        "context_window_exceeded",
        "exceed_context_size_error",  # llama.cpp
        "model_context_window_exceeded",  # Z.ai
        "model_max_prompt_tokens_exceeded",  # GitHub Copilot
        "token_limit_exceeded",  # OpenRouter
        "tokens_limit_reached",  # GitHub Models
    }
)
WORDINGS = (
    r"prompt is too long",  # Anthropic, Fireworks
    r"exceeds? (?:the )?context limit",  # Anthropic, with `max_tokens`
    r"input is too long for requested model",  # Bedrock
    r"maximum (?:context|model) length",  # OpenAI, DeepSeek, OpenRouter, vLLM, Mistral
    # llama.cpp
    r"exceeds? (?:the |this )?(?:model'?s? )?(?:\w{1,30} )?context (?:window|length|size)",
    r"input tokens exceed the configured limit",  # OpenAI's gpt-5
    r"input token count.{0,40}exceeds the maximum",  # Gemini
    r"maximum prompt length is \d",  # xAI
    r"reduce the length of (?:the |your )?(?:input |prompt|messages)",  # Groq, Cerebras
    r"token count of \d+ exceeds the limit of \d",  # GitHub Copilot
    r"(?:long|great|larg)er than the (?:\w{1,30} )?(?:model'?s )?context (?:length|window|size)",
    r"the first \d+ tokens when the context overflows|model is loaded with context length",
    r"context window exceeds limit",  # MiniMax
    r"exceeded model token limit|input token length too long",  # Kimi
    r"prompt too long|prompt exceeds max length",  # Ollama, Z.ai
    r"length exceeds (?:the )?(?:maximum )?context length",  # Ollama's embeddings
    r"too many tokens: (?:total|size)",  # Cohere
    r"`?inputs`? (?:tokens \+ `?max_new_tokens`? must be|must have less than \d)",  # TGI
    r"range of input length should be",  # DashScope
    r"context[ _]?(?:length|window)[ _]?(?:limit )?exceeded",  # LiteLLM, and others
    r"total length \d+\) is too long to fit",  # vLLM
)
OVERFLOW = re.compile("|".join(WORDINGS), re.IGNORECASE)
# The providers' limits of tokens per minute, which say much the same.
OF_RATE = re.compile(r"rate[ _]?limit|per[ -](?:minute|day)|\bTP[MD]\b", re.IGNORECASE)

PROMPT, COMPLETION, MOST = (
    rf"(?P<{name}>\d[\d,_]{{0,12}})" for name in ("prompt", "completion", "most")
)
BOTH = rf"\(?{PROMPT} (?:tokens )?(?:in the messages|in your prompt|of text input|from the input)"
ANSWER = r"(?:tokens )?(?:in|for) the (?:completion|output)"
RESULT = r"(?:resulted in|requested(?: about| a total of)?|contains|request has)"
# A client may provoke an error with words of its own in it, so that no search may go far for each.
GAP = r".{0,120}?"
LONGEST_SEARCHED = 1000
# In this order: the first one that fits is the one that tells most.
NUMBERS = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"{PROMPT} tokens > {MOST} maximum",
        rf"context limit: {PROMPT} \+ {COMPLETION} > {MOST}",
        rf"too large: {COMPLETION}\.{GAP}length is {MOST} tokens and your request has {PROMPT} in",
        rf"length (?:is|of) {MOST} tokens(?>{GAP}{BOTH}){GAP}{COMPLETION} {ANSWER}",
        rf"passed {PROMPT} input tokens and requested {COMPLETION} {GAP}length is only {MOST}",
        rf"must be <= {MOST}\. given: {PROMPT} {GAP}and {COMPLETION} ",
        rf"(?:length|limit) (?:is|of) {MOST}(?: tokens)?\W{GAP}{RESULT} {PROMPT}",
        rf"count \(?{PROMPT}\)? exceeds the maximum number of tokens allowed \(?{MOST}",
        rf"count of {PROMPT} exceeds the limit of {MOST}",
        rf"contains {PROMPT} tokens{GAP}with {MOST} maximum context",
        rf"\({PROMPT} tokens\){GAP}context (?:length|size) \({MOST} tokens\)",
        rf"\((?:total )?(?:length )?{PROMPT}\){GAP}(?:length|max_model_len)(?: of)? \(?{MOST}",
        rf"less than {MOST} tokens\. given: {PROMPT}",
        rf"length is {PROMPT} while limit is {MOST}",
        rf"cannot exceed {MOST} - received {PROMPT}",
        rf"too long: {PROMPT}, model maximum context length: {MOST}",
        rf"first {PROMPT} tokens when {GAP}context length of only {MOST}",
        rf"(?:length is|token limit:|tokens allowed \(|max size:|context size \() ?{MOST}",
    )
)
OPENAIS = "This model's maximum context length is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """Tokens of the prompt, of the answer asked for, and the most of both; 0 where not told."""

    prompt: int = 0
    completion: int = 0
    most: int = 0

    def in_openais_words(self, told: str) -> str:
        """What OpenAI says of it, with what the provider ``told`` where that has no numbers."""
        if OPENAIS in told or "context window of this model" in told:
            return told
        if not (self.prompt and self.most):
            return f"Your input exceeds the context window of this model. {told}".rstrip()
        if not self.completion:
            return (
                f"{OPENAIS} {self.most} tokens. However, your messages resulted in {self.prompt} "
                "tokens. Please reduce the length of the messages."
            )
        return (
            f"{OPENAIS} {self.most} tokens. However, you requested {self.prompt + self.completion} "
            f"tokens ({self.prompt} in the messages, {self.completion} in the completion). Please "
            "reduce the length of the messages or completion."
        )

    def in_anthropics_words(self, told: str) -> str:
        """What Anthropic says of it, with what the provider ``told`` where that has no numbers."""
        if self.prompt and self.completion and self.prompt <= self.most:
            return (
                f"input length and `max_tokens` exceed context limit: {self.prompt} + "
                f"{self.completion} > {self.most}, decrease input length or `max_tokens` and try "
                "again"
            )
        if self.prompt and self.most:
            return f"prompt is too long: {self.prompt} tokens > {self.most} maximum"
        return told if "prompt is too long" in told else f"prompt is too long: {told}"


def is_overflow(message: str, *codes: str) -> bool:
    """Whether an error with ``message`` tells of an overflow. ``codes`` are its code and type."""
    if not CODES.isdisjoint(codes):
        return True
    return OVERFLOW.search(message) is not None and OF_RATE.search(message) is None


def overflow_in(message: str, *codes: str) -> Overflow | None:
    """The overflow that an error with ``message`` tells of; None if it is about another thing.

    ``codes`` are its code and its type.
    """
    if not is_overflow(message, *codes):
        return None
    begin = message[:LONGEST_SEARCHED]
    match = next((match for each in NUMBERS if (match := each.search(begin))), None)
    found = match.groupdict() if match else {}
    return Overflow(**{name: int(re.sub("[,_]", "", text)) for name, text in found.items() if text})

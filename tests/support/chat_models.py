"""Chat upstreams with the demands of real ones, for tool loops of several turns.

Each calls the tool ``weather`` for three cities, one after another, and then says a sentence. A
history that lacks what the real one insists on is answered with its 400.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.support.responders import Exchange, Responder, json_response, sse

CITIES = ("Paris", "Rome", "Oslo")
SAID = "Wear a coat."
USAGE = {"prompt_tokens": 50, "completion_tokens": 7, "total_tokens": 57}
Message = dict[str, Any]
Check = Callable[[list[Message]], str]


def deepseek(turn: int) -> Message:
    """Reasons in ``reasoning_content`` before each call."""
    return _turn(turn, reasoning_content=_thought(turn))


def check_deepseek(history: list[Message]) -> str:
    """Its thoughts have to come back with the calls they led to."""
    for turn, message in enumerate(history):
        if message.get("reasoning_content") != _thought(turn):
            return f"Missing `reasoning_content` field in the assistant message at {turn}."
    return ""


def vllm(turn: int) -> Message:
    """Reasons in ``reasoning``, as vLLM since 0.12 and Groq."""
    return _turn(turn, reasoning=_thought(turn))


def check_vllm(history: list[Message]) -> str:
    for turn, message in enumerate(history):
        if message.get("reasoning") != _thought(turn) or "reasoning_content" in message:
            return f"'messages.{turn}': property 'reasoning' is wanted."
    return ""


def magistral(turn: int) -> Message:
    """Reasons in parts of the content."""
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": _thought(turn)}]}
    said = _turn(turn)
    texts = [{"type": "text", "text": said["content"]}] if said["content"] else []
    return said | {"content": [thinking, *texts]}


def check_magistral(history: list[Message]) -> str:
    for turn, message in enumerate(history):
        if "reasoning_content" in message or message["content"] != magistral(turn)["content"]:
            return "Extra inputs are not permitted"
    return ""


def gemini(turn: int) -> Message:
    """Signs its calls, and has no field for reasoning."""
    said = _turn(turn)
    for call in said.get("tool_calls", ()):
        call["extra_content"] = {"google": {"thought_signature": f"signed+{turn}/=="}}
    return said


def check_gemini(history: list[Message]) -> str:
    for turn, message in enumerate(history):
        told = [call.get("extra_content") for call in message.get("tool_calls", ())]
        if told != [{"google": {"thought_signature": f"signed+{turn}/=="}}]:
            return "Function call is missing a thought_signature."
    return ""


def openrouter(turn: int) -> Message:
    """Seals its reasoning, and signs it, in ``reasoning_details``."""
    shared = {"format": "anthropic-claude-v1", "index": 0, "id": None}
    detail = {"type": "reasoning.text", "text": _thought(turn), "signature": f"sig{turn}"}
    return _turn(turn, reasoning=_thought(turn), reasoning_details=[detail | shared])


def check_openrouter(history: list[Message]) -> str:
    for turn, message in enumerate(history):
        [detail] = message.get("reasoning_details") or [{}]
        if (detail.get("text"), detail.get("signature")) != (_thought(turn), f"sig{turn}"):
            return "Invalid `signature` in `thinking` block"
    return ""


MODELS: dict[str, tuple[Callable[[int], Message], Check]] = {
    "deepseek-v4": (deepseek, check_deepseek),
    "my-reasoner": (deepseek, check_deepseek),
    "some-vllm": (vllm, check_vllm),
    "magistral-medium": (magistral, check_magistral),
    "gemini-3-pro": (gemini, check_gemini),
    "anthropic/claude-opus-4.5": (openrouter, check_openrouter),
}


def loop_of(model: str) -> Responder:
    """What answers the chats of ``model``, whole or as a stream."""
    say, check = MODELS[model]

    async def respond(exchange: Exchange) -> None:
        body = exchange.request.json
        history = [each for each in body["messages"] if each["role"] == "assistant"]
        if problem := check(history):
            answer = json_response({"error": {"message": problem}}, 400)
        elif body.get("stream"):
            answer = sse(*chunks_of(say(len(history))))
        else:
            answer = json_response(whole_of(say(len(history))))
        await answer(exchange)

    return respond


def _turn(turn: int, **reasoning: Any) -> Message:
    if turn >= len(CITIES):
        return {"role": "assistant", **reasoning, "content": SAID}
    function = {"name": "weather", "arguments": f'{{"city": "{CITIES[turn]}"}}'}
    call = {"id": f"functions.weather:{turn}", "type": "function", "function": function}
    return {"role": "assistant", **reasoning, "content": None, "tool_calls": [call]}


def _thought(turn: int) -> str:
    return f"Thought {turn}: and now?"


def _finish(message: Message) -> str:
    return "tool_calls" if message.get("tool_calls") else "stop"


def whole_of(message: Message) -> Message:
    """The answer in one piece that says ``message``."""
    choice = {"index": 0, "message": message, "finish_reason": _finish(message)}
    return {"object": "chat.completion", "choices": [choice], "usage": USAGE}


def chunks_of(message: Message) -> Iterator[Message]:
    """One delta for each field, and texts and arguments in two pieces."""
    for name, value in message.items():
        if name == "tool_calls":
            for index, call in enumerate(value):
                first, second = _halves(call["function"]["arguments"])
                yield _chunk({name: [call | {"index": index, "function": _named(call, first)}]})
                yield _chunk({name: [{"index": index, "function": {"arguments": second}}]})
        elif isinstance(value, str) and name != "role":
            for piece in _halves(value):
                yield _chunk({name: piece})
        else:
            yield _chunk({name: value})
    yield _chunk({}, _finish(message))
    yield {"choices": [], "usage": USAGE}


def _named(call: Message, arguments: str) -> Message:
    return {"name": call["function"]["name"], "arguments": arguments}


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def _chunk(delta: Message, finish_reason: str | None = None) -> Message:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}

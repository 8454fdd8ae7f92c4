"""An upstream with OpenAI's Responses whose model calls a tool, as those of ``tool_users`` do.

It keeps nothing. A thought has to come back as sealed as it was, and a call of its own, which has
its id, after the thought that led to it. Without its id it is anyone's call.
"""

from __future__ import annotations

import json
from typing import Any

from tests.support.responders import Exchange, Responder, json_response, sse
from tests.support.response_events import events_of, written

Json = dict[str, Any]
SEALED = "c2VhbGVk/+==" * 20
OUTPUTS = ("function_call_output", "custom_tool_call_output")


def responses_of(calls: dict[str, Json], thought: str, *, greeting: str, formed: str) -> Responder:
    """``calls`` are the arguments with which the first of the tools that has some is called.

    Where there are none it says ``greeting``, or ``formed`` if it is asked for a form.
    """

    async def respond(exchange: Exchange) -> None:
        body = exchange.request.json
        if problem := _refusal_of(body):
            error = {"message": problem, "type": "invalid_request_error"}
            await json_response({"error": error}, status=400)(exchange)
            return
        turn = len(body["input"])
        text = formed if (body.get("text") or {}).get("format") else greeting
        output = [*_thoughts(body, thought, turn), _said(body, calls, text, turn)]
        response = _response(body["model"], output)
        if body.get("stream"):
            await sse(*written(events_of(response)), done=False)(exchange)
        else:
            await json_response(response)(exchange)

    return respond


def _refusal_of(body: Json) -> str:
    """Why OpenAI would refuse ``body``; empty if it would not."""
    if body.get("previous_response_id"):
        return "Previous response not found."
    before: Json = {}
    for item in body["input"] if isinstance(body["input"], list) else ():
        match item.get("type"):
            case "reasoning" if item.get("encrypted_content") != SEALED:
                return "The encrypted content could not be verified."
            case "function_call" if item.get("id") and before.get("type") != "reasoning":
                return f"Item '{item['id']}' was provided without its required 'reasoning' item."
        before = item
    return ""


def _thoughts(body: Json, thought: str, turn: int) -> list[Json]:
    """What it thinks before each answer, if it is asked to."""
    if not body.get("reasoning"):
        return []
    summary = [{"type": "summary_text", "text": thought}]
    own = {"id": f"rs_{turn}", "encrypted_content": SEALED}
    return [{"type": "reasoning", "summary": summary, **own}]


def _said(body: Json, calls: dict[str, Json], text: str, turn: int) -> Json:
    last = body["input"][-1] if isinstance(body["input"], list) else {}
    offered = [tool.get("name") for tool in body.get("tools") or ()]
    name = next((name for name in offered if name in calls), None)
    if last.get("type") in OUTPUTS:
        return _message(f"It said: {_text(last['output'])}", turn)
    if name is None:
        return _message(text, turn)
    return {
        "type": "function_call",
        "id": f"fc_{turn}",
        "call_id": f"call_{turn}",
        "status": "completed",
        "name": name,
        "arguments": json.dumps(calls[name]),
    }


def _message(text: str, turn: int) -> Json:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    own = {"id": f"msg_{turn}", "role": "assistant", "status": "completed"}
    return {"type": "message", "content": [part], **own}


def _text(output: Any) -> str:
    return output if isinstance(output, str) else "".join(part["text"] for part in output)


def _response(model: str, output: list[Json]) -> Json:
    return {
        "id": f"resp_{output[-1]['id']}",
        "object": "response",
        "created_at": 1_790_000_000,
        "model": model,
        "status": "completed",
        "output": output,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": 50,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 57,
        },
    }

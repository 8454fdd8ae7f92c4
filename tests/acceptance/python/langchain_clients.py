"""Does as it is told with LangChain: one JSON object a line, and one line for each answer.

``{api, model, prompts, tools, streamed, effort, form}``: a conversation whose user says
``prompts``, one after another; ``form`` is the way in which a form of the answer is asked for. The
answer is a list of what was seen of each turn, or an object with ``error``.
"""

import json
import os
import sys

import anthropic
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

MOST_STEPS = 4


class Place(BaseModel):
    """Where the weather is asked for."""

    city: str


@tool
def weather(city: str) -> str:
    """Tells the weather."""
    return f"Rain in {city}."


def model_of(api, model, effort):
    url, key = os.environ["GATEWAY_URL"], os.environ["GATEWAY_KEY"]
    if api == "messages":
        thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}} if effort else {}
        return ChatAnthropic(
            model=model, base_url=url, api_key=key, max_retries=0, max_tokens=4096, **thinking
        )
    own = {}
    if api == "responses":
        own = {"use_responses_api": True, "store": False, "output_version": "responses/v1"}
        if effort:
            own["reasoning"] = {"effort": effort, "summary": "auto"}
            own["include"] = ["reasoning.encrypted_content"]
    elif effort:
        own["reasoning_effort"] = effort
    return ChatOpenAI(
        model=model, base_url=f"{url}/v1", api_key=key, max_retries=0, stream_usage=True, **own
    )


def answer_of(model, history, streamed):
    if not streamed:
        return model.invoke(history), None
    pieces = list(model.stream(history))
    return sum(pieces[1:], start=pieces[0]), len(pieces)


def turn(model, history, streamed):
    """Asks and calls tools until the model calls none; ``history`` grows by all that was said."""
    seen = {"calls": [], "thoughts": 0, "inputTokens": 0}
    for _ in range(MOST_STEPS):
        answer, pieces = answer_of(model, history, streamed)
        history.append(answer)
        seen["inputTokens"] += answer.usage_metadata["input_tokens"]
        seen["thoughts"] += sum(block["type"] == "reasoning" for block in answer.content_blocks)
        if not answer.tool_calls:
            break
        for call in answer.tool_calls:
            seen["calls"].append(call["args"])
            history.append(ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"]))
    return seen | {"text": answer.text, "pieces": pieces}


def converse(*, api, model, prompts, tools=False, streamed=False, effort=None, form=None):
    chat = model_of(api, model, effort)
    if form:
        return [chat.with_structured_output(Place, method=form).invoke(prompts[0]).model_dump()]
    offering = chat.bind_tools([weather]) if tools else chat
    history, seen = [], []
    for prompt in prompts:
        history.append(HumanMessage(prompt))
        seen.append(turn(offering, history, streamed))
    return seen


for line in sys.stdin:
    try:
        told = converse(**json.loads(line))
    except (openai.APIStatusError, anthropic.APIStatusError) as error:
        told = {"error": error.message, "status": error.status_code}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()

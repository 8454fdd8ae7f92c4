"""Does as it is told with openai-agents: one JSON object a line, and one line for each answer.

``{api, model, prompts, tools, streamed, effort, chained}``: a conversation whose user says
``prompts``, one after another. ``chained`` refers to the last response instead of repeating the
history. The answer is a list of what was seen of each turn, or an object with ``error``.
"""

import asyncio
import json
import os
import sys

import openai
from agents import (
    Agent,
    ModelSettings,
    OpenAIProvider,
    RunConfig,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai.types.shared import Reasoning


@function_tool
def weather(city: str) -> str:
    """Tells the weather."""
    return f"Rain in {city}."


def agent_of(model, tools, effort, chained):
    reasoning = {"reasoning": Reasoning(effort=effort, summary="auto")} if effort else {}
    settings = ModelSettings(store=chained, include_usage=True, **reasoning)
    if not chained:
        settings.response_include = ["reasoning.encrypted_content"]
    offered = [weather] if tools else []
    return Agent(name="A", model=model, tools=offered, model_settings=settings)


async def run(agent, given, streamed, **options):
    if not streamed:
        return await Runner.run(agent, given, **options), None
    result = Runner.run_streamed(agent, given, **options)
    kinds = [event.type async for event in result.stream_events()]
    return result, kinds.count("raw_response_event")


async def converse(*, api, model, prompts, tools=False, streamed=False, effort=None, chained=False):
    client = openai.AsyncOpenAI(
        base_url=f"{os.environ['GATEWAY_URL']}/v1", api_key=os.environ["GATEWAY_KEY"], max_retries=0
    )
    provider = OpenAIProvider(openai_client=client, use_responses=api == "responses")
    agent = agent_of(model, tools, effort, chained)
    history, options, seen = [], {"run_config": RunConfig(model_provider=provider)}, []
    for prompt in prompts:
        said = {"role": "user", "content": prompt}
        result, events = await run(agent, [*history, said], streamed, **options)
        if chained:
            options["previous_response_id"] = result.last_response_id
        else:
            history = result.to_input_list()
        seen.append(
            {
                "text": result.final_output,
                "items": [item.type for item in result.new_items],
                "inputTokens": sum(each.usage.input_tokens for each in result.raw_responses),
                "events": events,
            }
        )
    return seen


async def main():
    set_tracing_disabled(True)
    for line in sys.stdin:
        try:
            told = await converse(**json.loads(line))
        except openai.APIStatusError as error:
            told = {"error": error.message, "status": error.status_code}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


asyncio.run(main())

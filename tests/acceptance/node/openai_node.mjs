// Does as it is told with openai-node: one JSON object a line, and one line for each answer.
//
// { api, model, prompts, tools, streamed, effort }: a conversation whose user says `prompts`, one
// after another; `api` is one of `turns` below. The answer is a list of what was seen of each turn, or an object with `error`.
import { createInterface } from "node:readline";
import OpenAI from "openai";

const { GATEWAY_URL, GATEWAY_KEY: apiKey } = process.env;
const client = new OpenAI({ baseURL: `${GATEWAY_URL}/v1`, apiKey, maxRetries: 0 });
const weather = ({ city }) => `Rain in ${city}.`;
const parameters = { type: "object", properties: { city: { type: "string" } } };
const described = { name: "weather", description: "Tells the weather.", parameters };

async function responsesTurn(input, { model, tools, streamed, effort }) {
  const seen = { text: "", calls: [], thoughts: 0 };
  for (;;) {
    const request = {
      model,
      input,
      store: false,
      include: ["reasoning.encrypted_content"],
      tools: tools ? [{ type: "function", strict: false, ...described }] : undefined,
      reasoning: { effort },
    };
    const made = streamed
      ? await client.responses.stream(request).finalResponse()
      : await client.responses.create(request);
    input.push(...made.output);
    seen.thoughts += made.output.filter((item) => item.type === "reasoning").length;
    const calls = made.output.filter((item) => item.type === "function_call");
    if (!calls.length) return { ...seen, text: made.output_text };
    for (const { call_id, arguments: written } of calls) {
      const given = JSON.parse(written);
      seen.calls.push(given);
      input.push({ type: "function_call_output", call_id, output: weather(given) });
    }
  }
}

async function chatTurn(messages, { model, tools, effort }) {
  const seen = { calls: [], thoughts: 0 };
  for (;;) {
    const { choices } = await client.chat.completions.create({
      model,
      messages,
      reasoning_effort: effort,
      tools: tools ? [{ type: "function", function: described }] : undefined,
    });
    const [{ message }] = choices;
    messages.push(message);
    seen.thoughts += message.reasoning_content ? 1 : 0;
    if (!message.tool_calls) return { ...seen, text: message.content };
    for (const { id, function: called } of message.tool_calls) {
      const given = JSON.parse(called.arguments);
      seen.calls.push(given);
      messages.push({ role: "tool", tool_call_id: id, content: weather(given) });
    }
  }
}

// The SDK's own loop. It sends back no field that OpenAI does not know, so thoughts stay behind.
async function runnerTurn(messages, { model, effort }) {
  const tool = { ...described, parse: JSON.parse, function: weather };
  const runner = client.chat.completions.runTools({
    model,
    messages,
    stream: true,
    reasoning_effort: effort,
    tools: [{ type: "function", function: tool }],
  });
  const text = await runner.finalContent();
  const told = runner.messages.slice(messages.length);
  messages.push(...told);
  const answers = told.filter((message) => message.role === "assistant");
  const calls = answers.flatMap((answer) => answer.tool_calls ?? []);
  return {
    text,
    calls: calls.map((call) => JSON.parse(call.function.arguments)),
    thoughts: answers.filter((answer) => answer.reasoning_content).length,
  };
}

const turns = { responses: responsesTurn, chat: chatTurn, runner: runnerTurn };

async function converse({ api, prompts, ...asked }) {
  const history = [];
  const seen = [];
  for (const content of prompts) {
    history.push({ role: "user", content });
    seen.push(await turns[api](history, asked));
  }
  return seen;
}

for await (const line of createInterface({ input: process.stdin })) {
  const told = await converse(JSON.parse(line)).catch((error) => ({
    error: error.message,
    status: error.status ?? null,
  }));
  console.log(JSON.stringify(told));
}

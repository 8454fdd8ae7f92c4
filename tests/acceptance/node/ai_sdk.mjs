// Does as it is told with Vercel's AI SDK: one JSON object a line, and one line for each answer.
//
// { api, model, prompts, tools, streamed, options }: a conversation whose user says `prompts`, one
// after another. The answer is a list of what was seen of each turn, or an object with `error`.
import { createInterface } from "node:readline";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

globalThis.AI_SDK_LOG_WARNINGS = false; // it would write them between the answers
const { GATEWAY_URL, GATEWAY_KEY: apiKey } = process.env;
const baseURL = `${GATEWAY_URL}/v1`;
const providers = {
  responses: createOpenAI({ baseURL, apiKey }),
  messages: createAnthropic({ baseURL, apiKey }),
  chat: createOpenAICompatible({ name: "gateway", baseURL, apiKey, includeUsage: true }),
};
const weather = tool({
  description: "Tells the weather.",
  inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
  execute: async ({ city }) => `Rain in ${city}.`,
});

async function answer(request, streamed) {
  if (!streamed) return generateText(request);
  const failures = [];
  const result = streamText({ ...request, onError: ({ error }) => failures.push(error) });
  const pieces = [];
  for await (const piece of result.textStream) pieces.push(piece);
  if (failures.length) throw failures[0];
  return {
    text: await result.text,
    steps: await result.steps,
    response: await result.response,
    finishReason: await result.finishReason,
    totalUsage: await result.totalUsage,
    pieces,
  };
}

async function converse({ api, model, prompts, tools, streamed, options }) {
  const messages = [];
  const seen = [];
  for (const content of prompts) {
    messages.push({ role: "user", content });
    const { text, steps, response, finishReason, totalUsage, pieces } = await answer(
      {
        model: providers[api](model),
        messages,
        tools: tools ? { weather } : undefined,
        stopWhen: stepCountIs(4),
        maxRetries: 0,
        providerOptions: options,
      },
      streamed,
    );
    messages.push(...response.messages);
    seen.push({
      text,
      finishReason,
      pieces: pieces?.length ?? null,
      inputTokens: totalUsage.inputTokens,
      calls: steps.flatMap((step) => step.toolCalls.map((call) => call.input)),
      thoughts: steps.map((step) => step.reasoningText ?? ""),
    });
  }
  return seen;
}

for await (const line of createInterface({ input: process.stdin })) {
  const told = await converse(JSON.parse(line)).catch((error) => ({
    error: error.message,
    status: error.statusCode ?? null,
  }));
  console.log(JSON.stringify(told));
}

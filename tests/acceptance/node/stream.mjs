// Streams one chat and prints what a program with openai-node sees of it, as JSON.
import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const seen = { text: "", finishReason: null, error: null };
try {
  const stream = await client.chat.completions.create({
    model: process.argv[2],
    messages: [{ role: "user", content: "Hello" }],
    stream: true,
  });
  for await (const chunk of stream) {
    seen.text += chunk.choices[0]?.delta?.content ?? "";
    seen.finishReason = chunk.choices[0]?.finish_reason ?? seen.finishReason;
  }
} catch (error) {
  seen.error = { status: error.status ?? null, code: error.code ?? null, message: error.message };
}
console.log(JSON.stringify(seen));

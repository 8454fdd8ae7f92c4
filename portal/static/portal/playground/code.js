// A request as a program would make it. The API key is the reader's own: it is read from the
// environment, and the tab's token is in none of these.

const KEY = "GATEHOUSE_API_KEY";

// The program for `body`, the body of a chat, in `language`: curl, python or node.
export function code(language, body, base) {
  return { curl, python, node }[language](body, base);
}

function curl(body, base) {
  const json = JSON.stringify({ ...body, stream: true }, null, 2).replaceAll("'", "'\\''");
  return [
    `curl -N ${base}/chat/completions \\`,
    `  -H "Authorization: Bearer $${KEY}" \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d '${json}'`,
  ].join("\n");
}

function python(body, base) {
  const given = Object.entries(body).map(([name, value]) => `    ${name}=${literal(value, 1)},\n`);
  return `import os

from openai import OpenAI

client = OpenAI(base_url=${text(base)}, api_key=os.environ["${KEY}"])
stream = client.chat.completions.create(
${given.join("")}    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()`;
}

function node(body, base) {
  const json = JSON.stringify({ ...body, stream: true }, null, 2);
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: ${text(base)}, apiKey: process.env.${KEY} });
const stream = await client.chat.completions.create(${json});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}
console.log();`;
}

// `value` as Python writes it, where it stands `depth` levels deep.
function literal(value, depth) {
  const [pad, end] = ["    ".repeat(depth + 1), "    ".repeat(depth)];
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return text(value);
  if (typeof value !== "object") return String(value);
  const lines = Array.isArray(value)
    ? value.map((one) => `${pad}${literal(one, depth + 1)},\n`)
    : Object.entries(value).map(([key, one]) => `${pad}${text(key)}: ${literal(one, depth + 1)},\n`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return lines.length ? `${open}\n${lines.join("")}${end}${close}` : `${open}${close}`;
}

// A string of JSON is one of Python and of JavaScript, too, once no half of a pair stands alone.
function text(value) {
  return JSON.stringify(value.toWellFormed());
}

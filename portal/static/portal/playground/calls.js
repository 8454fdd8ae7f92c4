// Calls of the API with the tab's token, without cookies.

import { Failure, failureOf, unreachable } from "./failure.js";
import { events } from "./sse.js";

export class Api {
  constructor(base, token) {
    this.base = base;
    this.token = token;
  }

  // Ask for a chat. Calls `on.begin(response)`, `on.text(text)`, `on.reasoning(text)` and
  // `on.usage(usage)` as they come, and returns why the answer ended.
  async chat(body, { signal, on }) {
    const response = await this.#post("chat/completions", body, signal);
    on.begin(response);
    const requestId = response.headers.get("x-request-id") ?? "";
    let reason = "";
    for await (const text of events(response.body)) {
      if (text === "[DONE]") break;
      const chunk = JSON.parse(text);
      if (chunk.error) throw new Failure({ ...said(chunk.error), requestId });
      if (chunk.usage) on.usage(chunk.usage);
      const choice = chunk.choices?.[0];
      if (!choice) continue;
      tell(choice.delta ?? {}, on);
      reason = choice.finish_reason ?? reason;
    }
    return reason;
  }

  // The sound of `input`, as a Blob.
  async speech(body, signal) {
    return (await this.#post("audio/speech", body, signal)).blob();
  }

  // The voices of `model`, as its upstream lists them.
  async voices(model) {
    const response = await this.#sent(`audio/voices?model=${encodeURIComponent(model)}`, {});
    const told = await response.json();
    const list = Array.isArray(told) ? told : (told.voices ?? told.data);
    return Array.isArray(list) ? list : [];
  }

  #post(path, body, signal) {
    return this.#sent(path, { method: "POST", body: JSON.stringify(body), signal });
  }

  async #sent(path, request) {
    const response = await this.#once(path, request);
    if (response.ok) return response;
    if (response.status !== 401) throw await failureOf(response);
    this.token.forget(); // a sign-out in another tab has ended it
    const again = await this.#once(path, request);
    if (!again.ok) throw await failureOf(again);
    return again;
  }

  async #once(path, request) {
    const headers = {
      Authorization: `Bearer ${await this.token.value()}`,
      "Content-Type": "application/json",
    };
    const whole = { credentials: "omit", headers, ...request };
    return fetch(`${this.base}/${path}`, whole).catch((error) => {
      throw error.name === "AbortError" ? error : unreachable();
    });
  }
}

function said(error) {
  return { message: error.message ?? "The answer broke off.", code: error.code ?? "" };
}

function tell(delta, on) {
  const reasoning = delta.reasoning_content ?? delta.reasoning;
  if (typeof reasoning === "string" && reasoning) on.reasoning(reasoning);
  const parts = Array.isArray(delta.content) ? delta.content : [{ text: delta.content }];
  for (const part of parts) {
    if (part.type === "thinking") (part.thinking ?? []).forEach((one) => on.reasoning(one.text));
    else if (part.text) on.text(part.text);
  }
}

// What one answer took: as the tab measures it, and then as the gateway has recorded it.

import { copyButton, element } from "./dom.js";

const LOOKS_AFTER_MS = [1200, 1500, 3000, 6000]; // records are stored once a second

export class Figures {
  constructor() {
    this.asked = performance.now();
    this.first = this.ended = 0;
    this.requestId = "";
    this.usage = null;
  }

  begin(response) {
    this.requestId = response.headers.get("x-request-id") ?? "";
  }

  spoke() {
    this.first ||= performance.now();
  }

  end() {
    this.ended = performance.now();
  }

  get tokens() {
    return this.usage?.completion_tokens ?? null;
  }

  // What the tab knows, as [label, text].
  get measured() {
    const found = [];
    if (this.first) found.push(["First token", seconds(this.first - this.asked)]);
    const span = (this.ended - this.first) / 1000;
    if (this.tokens && this.first && span > 0.001) {
      found.push(["Speed", `${(this.tokens / span).toFixed(span < 10 ? 1 : 0)} tokens/s`]);
    }
    found.push(["Took", seconds(this.ended - this.asked)]);
    if (this.usage) found.push(["Tokens", `${this.usage.prompt_tokens} in, ${this.tokens} out`]);
    return found;
  }

  // The record of the request, once it is stored; null if it does not come. `url(id)` has it.
  async recorded(url) {
    for (const wait of this.requestId ? LOOKS_AFTER_MS : []) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      const response = await fetch(url(this.requestId)).catch(() => null);
      if (response?.ok) return response.json();
      if (response?.status !== 404) return null;
    }
    return null;
  }

  // The list of figures; `record` is what `recorded` found, if anything.
  list(record) {
    const all = [...this.measured];
    if (record && !this.usage && record.tokens) all.push(["Tokens", record.tokens]);
    if (record) all.push(["Cost", record.cost], ["Served by", record.served_by]);
    if (record?.attempts > 1) all.push(["Attempts", String(record.attempts)]);
    const list = element("dl", { class: "answer-figures" });
    list.append(...all.filter(([, text]) => text).map(pair));
    if (this.requestId) list.append(pair(["Request", this.#link(record?.url)]));
    return list;
  }

  #link(url) {
    const id = element("code", { class: "request-id" }, this.requestId);
    const shown = url ? element("a", { href: url }, id) : id;
    const copy = copyButton("Copy id", () => this.requestId);
    return element("span", { class: "request" }, shown, copy);
  }
}

function pair([label, value]) {
  return element("div", {}, element("dt", {}, label), element("dd", {}, value));
}

function seconds(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

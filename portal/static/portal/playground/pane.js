// One side: a model, its parameters, and the conversation with it.

import { Answer } from "./answer.js";
import { button, element } from "./dom.js";
import { Figures } from "./figures.js";
import { fields, problem, values } from "./parameters.js";

export class Pane {
  constructor(root, page) {
    this.root = root;
    this.page = page;
    this.input = root.querySelector("input[list]");
    this.form = root.querySelector(".parameters");
    this.log = root.querySelector(".log");
    this.turns = []; // { id, content, element, answer }
    this.stopping = null;
    this.input.addEventListener("input", () => this.chosen());
  }

  get isFirst() {
    return this.page.panes[0] === this;
  }

  get model() {
    return this.page.models.find(this.input.value);
  }

  choose(id) {
    this.input.value = id;
    this.chosen();
  }

  chosen() {
    this.input.setCustomValidity(this.model ? "" : "Choose one of your models.");
    if (this.model) this.form.replaceChildren(...fields(this.model, values(this.form)));
  }

  // Why nothing can be asked; empty if it can.
  get problem() {
    if (!this.model) return `${this.root.dataset.name}: choose one of your models.`;
    return problem(this.model, values(this.form));
  }

  // The request for all turns, or for those before the last answer and their question.
  body() {
    const system = this.page.system;
    const messages = system ? [{ role: "system", content: system }] : [];
    for (const { content, answer } of this.turns) {
      messages.push({ role: "user", content });
      if (answer?.text) messages.push({ role: "assistant", content: answer.text });
    }
    return { model: this.input.value, messages, ...values(this.form) };
  }

  // Ask `content` as the turn `id`. What followed an earlier turn of this id is forgotten.
  async ask(id, content) {
    this.cut(id);
    const shown = question(content, () => this.page.edit(id, content));
    this.turns.push({ id, content, element: shown, answer: null });
    this.log.append(shown);
    await this.#answer(this.turns.at(-1));
  }

  async regenerate() {
    const turn = this.turns.at(-1);
    turn.answer.element.remove();
    turn.answer = null;
    await this.#answer(turn);
  }

  // Forget the turn `id` and those behind it; all without one.
  cut(id) {
    const from = id === undefined ? 0 : this.turns.findIndex((turn) => turn.id === id);
    for (const turn of from < 0 ? [] : this.turns.splice(from)) {
      turn.element.remove();
      turn.answer?.element.remove();
    }
  }

  stop() {
    this.stopping?.abort();
  }

  async #answer(turn) {
    const request = { ...this.body(), stream: true, stream_options: { include_usage: true } };
    const answer = new Answer(request.model, this.log);
    const figures = new Figures();
    this.turns.forEach((each) => each.answer?.withoutActions());
    this.log.append(answer.element);
    if (this.isFirst) answer.element.scrollIntoView({ block: "end" });
    this.log.scrollTop = this.log.scrollHeight;
    this.log.setAttribute("aria-busy", "true"); // it is read out once, when it is whole
    this.stopping = new AbortController();
    try {
      const reason = await this.page.api.chat(request, {
        signal: this.stopping.signal,
        on: listeners(answer, figures),
      });
      if (reason === "length") answer.note("hint", "The answer was cut off at the most tokens.");
    } catch (failure) {
      if (failure.name === "AbortError") answer.note("hint", "Stopped.");
      else answer.fail(failure);
    }
    figures.end();
    turn.answer = answer;
    this.#ended(answer, figures);
  }

  #ended(answer, figures) {
    this.stopping = null;
    answer.drawn();
    answer.showFigures(figures.list());
    const onRegenerate = () => this.page.run(() => this.regenerate());
    answer.offer({ onRegenerate, more: this.page.speech.buttons(answer) });
    this.log.setAttribute("aria-busy", "false");
    figures.recorded(this.page.outcomeUrl).then((record) => {
      if (record) answer.showFigures(figures.list(record));
    });
  }
}

function listeners(answer, figures) {
  return {
    begin: (response) => figures.begin(response),
    usage: (usage) => (figures.usage = usage),
    text: (text) => (figures.spoke(), answer.addText(text)),
    reasoning: (text) => (figures.spoke(), answer.addReasoning(text)),
  };
}

function question(content, onEdit) {
  const made = element("article", { class: "question" }, element("h2", {}, "You"));
  for (const part of typeof content === "string" ? [{ text: content }] : content) {
    if (part.image_url) made.append(element("img", { src: part.image_url.url, alt: "Your image" }));
    else if (part.text) made.append(element("p", { class: "prose" }, part.text));
  }
  made.append(element("div", { class: "answer-actions" }, button("Edit", onEdit)));
  return made;
}

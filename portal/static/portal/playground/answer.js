// One answer on the page: reasoning, text, figures, and what can be done with it.

import { button, copyButton, element } from "./dom.js";
import { following } from "./follow.js";
import { show } from "./text.js";

export class Answer {
  constructor(model, log) {
    this.log = log;
    this.text = this.reasoning = "";
    this.thoughts = element("p", { class: "prose" });
    this.folded = element("details", { class: "reasoning", hidden: true });
    this.folded.append(element("summary", {}, "Reasoning"), this.thoughts);
    this.body = element("div", { class: "answer-text" });
    this.foot = element("div", { class: "answer-foot" });
    this.actions = element("div", { class: "answer-actions" });
    const head = element("h2", {}, model);
    this.element = element("article", { class: "answer" });
    this.element.append(head, this.folded, this.body, this.foot, this.actions);
    this.isDrawing = false;
  }

  addText(text) {
    this.text += text;
    this.#draw();
  }

  addReasoning(text) {
    this.reasoning += text;
    this.#draw();
  }

  // Once for each frame, however fast the parts come.
  #draw() {
    if (this.isDrawing) return;
    this.isDrawing = true;
    requestAnimationFrame(() => this.drawn());
  }

  drawn() {
    this.isDrawing = false;
    following(this.element, this.log, () => {
      this.folded.hidden = !this.reasoning;
      this.thoughts.textContent = this.reasoning;
      show(this.body, this.text);
    });
  }

  fail(failure) {
    const parts = [element("strong", {}, failure.message), element("p", {}, failure.advice ?? "")];
    if (failure.requestId) parts.push(element("code", {}, failure.requestId));
    this.note("failure", ...parts);
  }

  note(kind, ...parts) {
    const made = element("div", { class: `note ${kind}` }, ...parts);
    following(this.element, this.log, () => this.body.after(made));
  }

  showFigures(list) {
    following(this.element, this.log, () => this.foot.replaceChildren(list));
  }

  // The buttons of an answer that has ended. `more` are further ones.
  offer({ onRegenerate, more = [] }) {
    const copy = this.text ? [copyButton("Copy answer", () => this.text)] : [];
    const all = [button("Regenerate", onRegenerate), ...copy, ...more];
    following(this.element, this.log, () => this.actions.replaceChildren(...all));
  }

  withoutActions() {
    this.actions.replaceChildren();
  }
}

// The playground: the person's models, one or two at a time. All of it lives in this tab.

import { Api } from "./calls.js";
import { CodeDialog } from "./code_dialog.js";
import { Composer } from "./composer.js";
import { Models } from "./models.js";
import { Pane } from "./pane.js";
import { Speech } from "./speech.js";
import { Token } from "./token.js";

class Page {
  constructor(root) {
    const { api, tokenUrl, modelsUrl, outcomeUrl } = root.dataset;
    const csrf = root.querySelector("[name=csrfmiddlewaretoken]").value;
    this.root = root;
    this.outcomeUrl = (id) => outcomeUrl.replace(/ID$/, encodeURIComponent(id));
    this.api = new Api(api, new Token(tokenUrl, csrf));
    this.models = new Models(modelsUrl);
    this.speech = new Speech(root.querySelector("#speech"), this.api, this.models);
    this.panes = [...root.querySelectorAll(".pane")].map((pane) => new Pane(pane, this));
    this.status = root.querySelector("#status");
    this.composer = new Composer(root.querySelector("#composer"), {
      onSend: () => this.send(),
      onProblem: (text) => this.say(text),
    });
    this.code = new CodeDialog(root.querySelector("#code"), this.panes, (pane) => this.#program(pane));
    this.turns = 0;
    this.#listen();
  }

  get system() {
    return this.root.querySelector("#system").value.trim();
  }

  get shown() {
    return this.panes.filter((pane) => !pane.root.hidden);
  }

  get isRunning() {
    return this.panes.some((pane) => pane.stopping);
  }

  #listen() {
    const on = (selector, event, act) =>
      this.root.querySelector(selector).addEventListener(event, act);
    on("#stop", "click", () => this.stop());
    on("#new", "click", () => this.startAgain());
    on("#view-code", "click", () => this.code.open());
    on("#compare", "change", ({ currentTarget }) => this.compare(currentTarget.checked));
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.stop());
  }

  async start() {
    await this.models.load();
    this.root.querySelector("#models").replaceChildren(...this.models.options());
    this.speech.start();
    if (!this.models.chat.length) return this.root.classList.add("without-models");
    const wanted = new URLSearchParams(location.search).get("model");
    const first = this.models.find(wanted) ?? this.models.chat[0];
    const other = this.models.chat.find((model) => model !== first) ?? first;
    this.panes[0].choose(first.id);
    this.panes[1].choose(other.id);
    this.root.querySelector("#send").disabled = false;
    if (wanted && first.id !== wanted) this.say(`${wanted} is not among your chat models.`);
  }

  // The request of one side, with what stands in the composer.
  #program(pane) {
    const { content } = this.composer;
    const { messages, ...rest } = pane.body();
    if (content !== null) messages.push({ role: "user", content });
    else if (messages.at(-1)?.role === "assistant") messages.pop();
    if (!messages.some(({ role }) => role === "user")) {
      messages.push({ role: "user", content: "Hello!" });
    }
    return { ...rest, messages };
  }

  compare(isOn) {
    this.panes[1].root.hidden = !isOn;
    this.root.classList.toggle("comparing", isOn);
  }

  async send() {
    const { content, turn } = this.composer;
    const problem = this.shown.map((pane) => pane.problem).find(Boolean);
    if (problem) return this.say(problem);
    if (content === null || this.isRunning || !this.models.chat.length) return;
    const id = turn ?? ++this.turns;
    this.composer.clear();
    await this.run(() => Promise.all(this.shown.map((pane) => pane.ask(id, content))));
  }

  async run(work) {
    if (this.isRunning) return;
    this.say("");
    this.root.classList.add("running");
    await work();
    this.root.classList.remove("running");
  }

  edit(id, content) {
    if (!this.isRunning) this.composer.edit(id, content);
  }

  stop() {
    this.panes.forEach((pane) => pane.stop());
  }

  startAgain() {
    this.stop();
    this.panes.forEach((pane) => pane.cut());
    this.composer.clear();
    this.composer.text.focus();
  }

  say(text) {
    this.status.textContent = text;
  }
}

const page = new Page(document.getElementById("playground"));
page.start().catch((error) => page.say(error.message));

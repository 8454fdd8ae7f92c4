// Answers read aloud, by a model and in a voice that the person chooses.

import { button, element } from "./dom.js";

const LONGEST = 4096; // characters that OpenAI's speech takes
// Suggested for upstreams that list no voices: OpenAI's, which other servers often take, too.
const OFTEN_KNOWN = "alloy ash ballad coral echo fable nova onyx sage shimmer verse".split(" ");

export class Speech {
  #listed = new Map(); // a promise of voices for each model that was asked about
  #isChosen = false;

  constructor(root, api, models) {
    this.root = root;
    this.api = api;
    this.models = models;
    this.model = root.querySelector("select");
    this.voice = root.querySelector("input");
    this.list = root.querySelector("datalist");
    this.voice.addEventListener("focus", () => this.#suggest());
    this.voice.addEventListener("input", () => (this.#isChosen = true));
    this.model.addEventListener("change", () => this.#suggest());
  }

  // Once the models are known: the fields are there for people with a model that speaks.
  start() {
    const all = this.models.speech.map(({ id }) => element("option", { value: id }, id));
    this.model.replaceChildren(...all);
    this.root.hidden = !all.length;
    this.#offer(OFTEN_KNOWN);
  }

  // Buttons for an answer; none if no model of the person's speaks.
  buttons(answer) {
    if (!this.models.speech.length || !answer.text) return [];
    return [button("Listen", ({ currentTarget }) => this.#play(answer, currentTarget))];
  }

  async #play(answer, pressed) {
    pressed.disabled = true;
    try {
      const input = answer.text.slice(0, LONGEST);
      const voice = this.voice.value.trim() || OFTEN_KNOWN[0];
      const sound = await this.api.speech({ model: this.model.value, voice, input });
      this.#show(URL.createObjectURL(sound), pressed);
    } catch (failure) {
      answer.fail(failure);
    }
    pressed.disabled = false; // for another voice
  }

  #show(src, pressed) {
    const before = pressed.parentElement.querySelector("audio");
    if (before) URL.revokeObjectURL(before.src);
    before?.remove();
    const audio = element("audio", { controls: true, src, "aria-label": "The answer" });
    pressed.after(audio);
    audio.play().catch(() => {}); // a browser may want another click
  }

  // The upstream is asked once for each model, and not before the person turns to the voices.
  async #suggest() {
    const model = this.model.value;
    if (!this.#listed.has(model)) {
      this.#listed.set(model, this.api.voices(model).catch(() => []));
    }
    const told = (await this.#listed.get(model)).map(nameOf).filter(Boolean);
    if (model !== this.model.value) return; // another one was chosen meanwhile
    this.#offer(told.length ? told : OFTEN_KNOWN);
    const isKnown = !told.length || told.includes(this.voice.value);
    if (!isKnown && !this.#isChosen) this.voice.value = told[0];
  }

  #offer(voices) {
    this.list.replaceChildren(...voices.map((value) => element("option", { value })));
  }
}

// Upstreams list voices as strings, or as objects with an id.
function nameOf(voice) {
  const name = typeof voice === "string" ? voice : (voice?.id ?? voice?.voice_id ?? voice?.name);
  return typeof name === "string" ? name : "";
}

// The message that is being written: its text, its pictures, and the turn it takes the place of.

import { button, element } from "./dom.js";
import { read } from "./images.js";

export class Composer {
  constructor(form, { onSend, onProblem }) {
    this.form = form;
    this.text = form.querySelector("textarea");
    this.files = form.querySelector("input[type=file]");
    this.shown = form.querySelector(".images");
    this.onProblem = onProblem;
    // The text stays: a person may have typed before this script was there.
    this.turn = null;
    this.images = [];
    form.addEventListener("submit", (event) => (event.preventDefault(), onSend()));
    this.text.addEventListener("keydown", (event) => this.#pressed(event, onSend));
    this.text.addEventListener("paste", (event) => this.add(event.clipboardData.files));
    this.files.addEventListener("change", () => this.add(this.files.files));
  }

  #pressed(event, onSend) {
    // An input method ends a word with Enter, too.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    onSend();
  }

  async add(files) {
    if (!files.length) return;
    try {
      this.images = [...this.images, ...(await read(files, this.images))];
      this.onProblem("");
    } catch (error) {
      this.onProblem(error.message);
    }
    this.files.value = "";
    this.#draw();
  }

  // The content of a message; null if there is nothing to send.
  get content() {
    const text = this.text.value.trim();
    if (!this.images.length) return text || null;
    const images = this.images.map((url) => ({ type: "image_url", image_url: { url } }));
    return [...(text ? [{ type: "text", text }] : []), ...images];
  }

  // Take up a message again, to be sent in place of the turn `id`.
  edit(id, content) {
    const parts = typeof content === "string" ? [{ text: content }] : content;
    this.turn = id;
    this.text.value = parts.map((part) => part.text ?? "").join("");
    this.images = parts.filter((part) => part.image_url).map((part) => part.image_url.url);
    this.#draw();
    this.text.focus();
  }

  clear() {
    this.turn = null;
    this.text.value = "";
    this.images = [];
    this.#draw();
  }

  #draw() {
    this.shown.replaceChildren(...this.images.map((url, n) => this.#image(url, n)));
    this.form.classList.toggle("editing", this.turn !== null);
  }

  #image(url, n) {
    const image = element("img", { src: url, alt: `Image ${n + 1} of the message` });
    const remove = () => {
      this.images.splice(n, 1);
      this.#draw();
    };
    return element("span", { class: "image" }, image, button(`Remove image ${n + 1}`, remove));
  }
}

// The person's models, as the page's server lists them: with the parameters that each takes.

import { element } from "./dom.js";

export class Models {
  constructor(url) {
    this.url = url;
    this.chat = [];
    this.speech = [];
  }

  async load() {
    const response = await fetch(this.url, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error("Your models cannot be listed. Reload the page.");
    const { data } = await response.json();
    this.chat = data.filter((model) => model.kind === "chat");
    this.speech = data.filter((model) => model.kind === "speech");
  }

  // The chat model with this id; undefined while a name is being typed.
  find(id) {
    return this.chat.find((model) => model.id === id);
  }

  // Options for a field with a search.
  options() {
    return this.chat.map(({ id, name }) =>
      element("option", { value: id }, name && name !== id ? name : ""),
    );
  }
}

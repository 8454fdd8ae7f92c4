// The tab's token for the API. It lies in this object alone: in no storage, cookie or address.

import { failureOf, unreachable } from "./failure.js";

const LEAST_LEFT_MS = 10 * 60 * 1000; // so that a long answer ends before its token does

export class Token {
  #value = "";
  #endsAt = 0;
  #asking = null;

  constructor(url, csrf) {
    this.url = url;
    this.csrf = csrf;
  }

  // A token that is good for ten minutes at least.
  async value() {
    if (this.#endsAt - Date.now() > LEAST_LEFT_MS) return this.#value;
    this.#asking ??= this.#renew().finally(() => (this.#asking = null));
    return this.#asking;
  }

  // Ask for another one the next time: this one was refused.
  forget() {
    this.#endsAt = 0;
  }

  async #renew() {
    const headers = { "X-CSRFToken": this.csrf };
    const response = await fetch(this.url, { method: "POST", headers }).catch(() => {
      throw unreachable();
    });
    if (!response.ok) throw await failureOf(response);
    const made = await response.json();
    this.#endsAt = Date.now() + made.seconds * 1000;
    return (this.#value = made.token);
  }
}

// The dialog that shows this very conversation as a program: that of either side.

import { code } from "./code.js";
import { button, copyButton } from "./dom.js";

const SMALL = { class: "button small" };

export class CodeDialog {
  constructor(dialog, panes, body) {
    this.dialog = dialog;
    this.panes = panes;
    this.body = body;
    this.side = 0;
    this.shown = dialog.querySelector("code");
    this.language = "curl";
    this.tabs = [...dialog.querySelectorAll("[data-language]")];
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.choose(tab.dataset.language));
    }
    this.sides = dialog.querySelector(".sides");
    this.sides.append(...panes.map((_, side) => button("", () => this.#turnTo(side), SMALL)));
    const style = { class: "button primary" };
    const copy = copyButton("Copy code", () => this.shown.textContent, style);
    dialog.querySelector(".dialog-foot").prepend(copy);
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  }

  open() {
    const isAlone = this.panes.some((pane) => pane.root.hidden);
    this.sides.hidden = isAlone;
    this.panes.forEach((pane, side) => (this.sides.children[side].textContent = titleOf(pane)));
    this.#turnTo(isAlone ? 0 : this.side);
    this.dialog.showModal();
  }

  #turnTo(side) {
    this.side = side;
    [...this.sides.children].forEach((one, n) => one.setAttribute("aria-pressed", `${n === side}`));
    this.choose(this.language);
  }

  choose(language) {
    this.language = language;
    for (const tab of this.tabs) {
      tab.setAttribute("aria-pressed", String(tab.dataset.language === language));
    }
    const body = this.body(this.panes[this.side]);
    this.shown.textContent = code(language, body, this.dialog.dataset.base);
  }
}

function titleOf({ root, input }) {
  return `${root.dataset.name}: ${input.value || "none"}`;
}

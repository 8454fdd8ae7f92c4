// The text of an answer: paragraphs, and blocks of code between fences. All else is shown as it is.

import { copyButton, element } from "./dom.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)[^`]*$/;

// The parts of `text`: { code: false, text } and { code: true, text, language }.
export function parts(text) {
  const found = [];
  let fence = "";
  let current = { code: false, text: [] };
  const end = (next) => {
    if (current.code || current.text.join("\n").trim()) found.push(current);
    current = next;
  };
  for (const line of text.split("\n")) {
    const match = FENCE.exec(line);
    if (!fence && match) {
      fence = match[1];
      end({ code: true, language: match[2], text: [] });
    } else if (fence && closes(line, fence)) {
      fence = "";
      end({ code: false, text: [] });
    } else {
      current.text.push(line);
    }
  }
  end(null);
  return found.map((part) => ({ ...part, text: part.text.join("\n") }));
}

function closes(line, fence) {
  const mark = line.trim();
  return mark.length >= fence.length && mark === fence[0].repeat(mark.length);
}

// Put `text` into `target` in place of what is there.
export function show(target, text) {
  target.replaceChildren(...parts(text).map((part) => (part.code ? block(part) : prose(part))));
}

function prose(part) {
  return element("p", { class: "prose" }, part.text.replace(/^\n+|\n+$/g, ""));
}

function block({ text, language }) {
  const label = language ? `Code, ${language}` : "Code";
  const head = element("div", { class: "code-head" }, element("span", {}, language || "code"));
  head.append(copyButton("Copy", () => text));
  const code = element("pre", { tabindex: "0", "aria-label": label }, element("code", {}, text));
  code.setAttribute("role", "group"); // a region would be a landmark, for each block
  return element("div", { class: "code-block" }, head, code);
}

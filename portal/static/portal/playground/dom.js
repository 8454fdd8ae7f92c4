// Elements, made without markup: whatever a text holds, it stays a text.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== ""));
  return made;
}

export function button(label, onclick, attributes = {}) {
  return element("button", { type: "button", onclick, ...attributes }, label);
}

const SHOWN_MS = 2000;

// A button that copies what `text()` returns.
export function copyButton(label, text, attributes = {}) {
  const act = async ({ currentTarget }) => {
    const isCopied = await copied(text());
    currentTarget.textContent = isCopied ? "Copied" : "Press Ctrl-C";
    setTimeout(() => (currentTarget.textContent = label), SHOWN_MS);
  };
  return button(label, act, attributes);
}

async function copied(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(yes, no);
  // Over plain HTTP the clipboard is out of reach of scripts, but not of a marked text.
  const area = element("textarea", { "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}

const yes = () => true;
const no = () => false;

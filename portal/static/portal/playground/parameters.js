// The parameters that the family of a model takes, as fields of a form.

import { element } from "./dom.js";

let made = 0; // ids differ between the two sides

// Fields for `model`, which keep what `before`, an object of parameters, says of them.
export function fields(model, before = {}) {
  const takes = model.parameters;
  const most = takes.max_tokens_most;
  return [
    takes.temperature && number("temperature", "Temperature", { min: 0, max: 2, step: 0.1 }),
    takes.top_p && number("top_p", "Top p", { min: 0, max: 1, step: 0.05 }),
    number(takes.max_tokens, "Most tokens of the answer", { min: 1, max: most, step: 1 }),
    takes.efforts.length && choice("reasoning_effort", "Effort of reasoning", takes.efforts),
  ]
    .filter(Boolean)
    .map((field) => filled(field, before));
}

// Why these parameters cannot be sent together; empty if they can.
export function problem(model, values) {
  const both = "temperature" in values && "top_p" in values;
  if (both && model.parameters.is_one_of) return "This model takes temperature or top p, not both.";
  return "";
}

// The parameters in `form` that have a value.
export function values(form) {
  const found = {};
  for (const input of form.querySelectorAll("[data-parameter]")) {
    if (input.value === "") continue;
    found[input.dataset.parameter] = input.type === "number" ? Number(input.value) : input.value;
  }
  return found;
}

function number(name, label, limits) {
  const attributes = { type: "number", inputmode: "decimal", placeholder: "default", ...limits };
  return labelled(label, element("input", { ...attributes, "data-parameter": name }));
}

function choice(name, label, options) {
  const all = [["", "default"], ...options.map((one) => [one, one])];
  const made = all.map(([value, text]) => element("option", { value }, text));
  return labelled(label, element("select", { "data-parameter": name }, ...made));
}

function labelled(label, input) {
  input.id = `parameter-${++made}`;
  return element("div", { class: "parameter" }, element("label", { for: input.id }, label), input);
}

function filled(field, before) {
  const input = field.querySelector("[data-parameter]");
  const value = before[input.dataset.parameter];
  if (value !== undefined) input.value = value;
  return field;
}

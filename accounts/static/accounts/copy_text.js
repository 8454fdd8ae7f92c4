// <button data-copy="ID"> copies the text of the element with that id.

const SHOWN_MS = 2000;

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", () => copy(button));
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.textContent;
  button.textContent = (await isCopied(source)) ? "Copied" : "Press Ctrl-C";
  setTimeout(() => (button.textContent = label), SHOWN_MS);
}

async function isCopied(source) {
  // Over plain http the clipboard is out of reach; the marked text can still be copied.
  getSelection().selectAllChildren(source);
  if (!navigator.clipboard) return document.execCommand("copy");
  return navigator.clipboard.writeText(source.textContent).then(
    () => true,
    () => false,
  );
}

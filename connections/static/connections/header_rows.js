// Lets rows of headers be added and removed. Without it the empty row still serves.

for (const group of document.querySelectorAll("[data-header-rows]")) {
  const rows = group.querySelector("[data-rows]");
  const add = group.querySelector("[data-add]");
  showButtons(group);

  add.addEventListener("click", () => {
    rows.append(group.querySelector("template").content.cloneNode(true));
    showButtons(rows);
    rows.lastElementChild.querySelector("input").focus();
  });

  rows.addEventListener("click", (event) => {
    const row = event.target.closest("[data-remove]")?.closest("[data-row]");
    if (!row) return;
    (row.nextElementSibling?.querySelector("input") ?? add).focus();
    row.remove();
  });
}

function showButtons(element) {
  for (const button of element.querySelectorAll("button")) button.hidden = false;
}

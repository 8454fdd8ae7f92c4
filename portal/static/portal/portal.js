// Buttons that copy, tabs, and menus that close. All pages can be read without this.
import "../accounts/copy_text.js";

// <div data-tabs><section data-tab="Title">…</section>…</div>: without this, all stand below each other.
for (const [number, box] of document.querySelectorAll("[data-tabs]").entries()) {
  makeTabs(box, `tabs-${number}`);
}

for (const menu of document.querySelectorAll("details.menu")) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

function makeTabs(box, prefix) {
  const panels = [...box.querySelectorAll(":scope > [data-tab]")];
  const list = document.createElement("div");
  list.className = "tabs";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", box.dataset.tabs || "Choose");
  const tabs = panels.map((panel, i) => tabOf(panel, `${prefix}-${i}`));
  list.append(...tabs);
  box.prepend(list);
  box.classList.add("has-tabs");
  for (const [i, tab] of tabs.entries()) tab.addEventListener("click", () => choose(i));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const now = tabs.indexOf(document.activeElement);
    choose((now + step + tabs.length) % tabs.length);
    event.preventDefault();
  });
  choose(0, { focus: false });

  function choose(chosen, { focus = true } = {}) {
    for (const [i, tab] of tabs.entries()) {
      tab.setAttribute("aria-selected", String(i === chosen));
      tab.tabIndex = i === chosen ? 0 : -1;
      panels[i].hidden = i !== chosen;
    }
    if (focus) tabs[chosen].focus();
  }
}

function tabOf(panel, id) {
  panel.id ||= `${id}-panel`;
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", id);
  const tab = document.createElement("button");
  tab.type = "button";
  tab.id = id;
  tab.textContent = panel.dataset.tab;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", panel.id);
  return tab;
}

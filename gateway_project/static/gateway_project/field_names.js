// Names for what the theme's scripts draw without one: fields with a search in them (select2), which
// a screen reader would announce as empty, and regions of which a page has several.

const LANDMARKS = [
  ["nav-sidebar-inner", "Main"],
  ["tabs-items", "Pages beside this one"],
  ["tabs-dropdown", "More pages beside this one"],
];

document.addEventListener("DOMContentLoaded", () => {
  nameAll();
  new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
});

function nameAll() {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible:not([data-named])")) {
    const drawn = select.nextElementSibling;
    const label = select.labels[0];
    if (!drawn) continue;
    select.dataset.named = "";
    const value = drawn.querySelector(".select2-selection__rendered");
    for (const part of drawn.querySelectorAll("[role=combobox], [role=textbox], [role=searchbox]")) {
      if (label) {
        label.id ||= `${select.id}-label`;
        part.setAttribute("aria-labelledby", `${label.id} ${value.id}`.trim());
      } else {
        part.setAttribute("aria-label", select.getAttribute("aria-label") || select.name);
        part.removeAttribute("aria-labelledby");
      }
    }
  }
  document.querySelector("#nav-sidebar-apps .simplebar-content-wrapper")?.setAttribute("aria-label", "All pages");
  for (const [id, name] of LANDMARKS) {
    document.getElementById(id)?.setAttribute("aria-label", name);
  }
  for (const field of document.querySelectorAll(".select2-dropdown .select2-search__field:not([aria-label])")) {
    field.setAttribute("aria-label", "Search");
  }
}

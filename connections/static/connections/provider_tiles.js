// Tiles fill in the provider's URL; a URL chooses its tile, is cut to its base and is given a name.
// Without this, the server does the same when the form is sent.

const tiles = [...document.querySelectorAll("[data-provider-tiles] input")];
const url = document.querySelector("#id_base_url");
const name = document.querySelector("#id_name");
const ENDINGS = /\/(chat\/completions|completions|embeddings|responses|messages|models|audio\/\w+|images\/\w+)\/?([?#].*)?$/;
const isNew = Boolean(document.querySelector("form[id=connection_form]")) && name && !name.value;

if (tiles.length && url) {
  const offer = document.createElement("button");
  offer.type = "button";
  offer.className = "url-offer";
  offer.hidden = true;
  url.after(offer);
  const known = tiles.map((tile) => tile.dataset.url).filter(Boolean);

  for (const tile of tiles) {
    tile.addEventListener("change", () => {
      url.placeholder = tile.dataset.example || tile.dataset.url;
      if (isNew && (!url.value || known.includes(url.value))) url.value = tile.dataset.url;
      propose();
    });
  }

  url.addEventListener("change", () => {
    if (ENDINGS.test(url.value)) url.value = url.value.replace(ENDINGS, "");
    if (isNew) choose();
    propose();
  });

  offer.addEventListener("click", () => {
    url.value = `${url.value.replace(/\/+$/, "")}/v1`;
    url.dispatchEvent(new Event("change"));
    url.focus();
  });

  // The admin's own script puts the cursor into the first field, which is a tile.
  if (isNew) addEventListener("load", () => url.focus());
  propose();

  function choose() {
    const host = parsed()?.host;
    const tile = tiles.find((each) => each.dataset.url && new URL(each.dataset.url).host === host);
    if (tile && !tile.checked) tile.click();
  }

  function propose() {
    const address = parsed();
    const provider = tiles.find((tile) => tile.checked)?.value;
    offer.hidden = !(address && address.pathname === "/" && ["compatible", "openai"].includes(provider));
    offer.textContent = "Add /v1, which most of these APIs have";
    if (!isNew) return;
    const words = address ? address.host.match(/[a-z0-9]+/g) : null;
    const isOne = provider && !["compatible", "azure"].includes(provider);
    name.placeholder = isOne ? provider : (words ?? []).join("-");
  }

  function parsed() {
    try {
      return new URL(url.value);
    } catch {
      return null;
    }
  }
}

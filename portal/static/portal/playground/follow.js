// Keep the end of an answer in view while it grows, unless the reader has scrolled away from it.

const NEAR_PX = 64;

// Do `change`, which makes `element` longer, within the scrolling `log`.
export function following(element, log, change) {
  const bottom = Math.min(innerHeight, log.getBoundingClientRect().bottom);
  const isAtEnd = element.getBoundingClientRect().bottom <= bottom + NEAR_PX;
  change();
  if (isAtEnd) element.scrollIntoView({ block: "end" });
}

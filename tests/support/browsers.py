"""Chromium as the tests of pages open it, and what they hold each page to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.support import parts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
HAS_PARTS_BESIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--disable-software-rasterizer",  # no page has 3D graphics; saves a fifth of the CPU
]
# Findings of axe-core but minor ones; its source is evaluated in the page before.
FOUND = """async options => {
    const found = await axe.run(document, {resultTypes: ["violations"], ...options});
    return found.violations
        .filter(each => each.impact !== "minor")
        .map(each => `${each.id}: ${each.nodes.map(node => node.html).join(" ")}`);
}"""
# What differs between themes and widths.
ONLY_SEEN = {
    "runOnly": {
        "type": "rule",
        "values": ["color-contrast", "link-in-text-block", "scrollable-region-focusable"],
    }
}
ONLY_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SERIOUS = frozenset({"error", "warning"})
# What htmx says where a page is left while it fetches; failures have other names.
OF_LEAVING = frozenset({"htmx:afterRequest", "htmx:sendAbort"})
# Pages that the browser makes by itself.
OWN_ADDRESSES = ("blob:", "data:")


@contextmanager
def a_browser() -> Iterator[Browser]:
    """The system's Chromium; the test is skipped without one."""
    chromium = parts.require("Chromium", parts.chromium())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.address, args=ARGUMENTS)
        yield browser
        browser.close()


def troubles_of(page: Page, address: str) -> list[str]:
    """Fills up with what ``page`` may not do: console errors, violations of the policy, errors of
    scripts, and requests elsewhere than to the gateway at ``address``."""
    troubles: list[str] = []

    def watch(url: str) -> None:
        if not url.startswith((address, *OWN_ADDRESSES)):
            troubles.append(url)

    def hear(said: ConsoleMessage) -> None:
        if said.type in SERIOUS and said.text not in OF_LEAVING:
            troubles.append(said.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: watch(request.url))
    return troubles

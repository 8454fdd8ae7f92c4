"""The live view in a browser."""

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.proxy.workers.live.conftest import HOSTILE, signed_in, streams
from tests.support.processes import PATIENCE_SECONDS

pytestmark = pytest.mark.acceptance


@pytest.fixture
def page(ready, chromium):
    """The admin's page, signed in; console errors and requests elsewhere fail the test."""
    troubles = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.address, args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        cookie = {"name": "sessionid", "value": signed_in(ready, "root"), "url": ready.url}
        page.context.add_cookies([cookie])
        page.on("console", lambda m: m.type == "error" and troubles.append(m.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda r: r.url.startswith(ready.url) or troubles.append(r.url))
        page.goto(f"{ready.url}/admin/")
        yield page
        browser.close()
    assert [trouble for trouble in troubles if not trouble.startswith(("blob:", "data:"))] == []


def test_staff_watch_requests_and_end_one(page, ready, key):
    with streams(ready, key, "gpt-4o", HOSTILE) as begun:
        page.locator("#nav-sidebar").get_by_role("link", name="Requests").click()
        page.locator("#tabs-items").get_by_role("link", name="Live").click()
        status = page.locator("[data-status]")
        expect(status).to_contain_text("2 requests in flight", timeout=PATIENCE_SECONDS * 1000)
        row = page.get_by_role("row", name=HOSTILE)
        expect(row).to_contain_text("alice")
        row.get_by_role("button", name=f"End {HOSTILE} of alice").click()
        assert b"ended_by_staff" in b"".join(begun[1])
        expect(status).to_contain_text("1 request in flight", timeout=PATIENCE_SECONDS * 1000)
        expect(row).to_have_count(0)
    expect(page.get_by_text("Nothing is in flight.")).to_be_visible(timeout=PATIENCE_SECONDS * 1000)

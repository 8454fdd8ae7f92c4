"""Somebody debugs a failure in a browser: paste the id, press Enter, read why."""

import pytest
from playwright.sync_api import expect

from tests.proxy.workers.live.conftest import signed_in
from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.browsers import (
    DESK,
    FOUND,
    HAS_PARTS_BESIDE,
    ONLY_COLOURS,
    PHONE,
    a_browser,
    troubles_of,
)
from tests.support.processes import wait_until
from tests.support.responders import complete_chat, json_response
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, pytest.mark.pages, on_one_backing]

LIST = "/admin/usage/usagerow/"
WORDS = {"error": {"message": "The server had an error.", "code": "server_error"}}


@pytest.fixture(scope="module")
def failed(gateway):
    """The id of a request that its upstream failed, after some that it answered."""
    with ScriptedUpstream(models=("gpt-4o-mini",)) as upstream:
        gateway.configure(
            connections=[{"name": "openai", "base_url": upstream.url, "keys": ["sk-canary-5555"]}],
            grants=[{"models": ["*"], "everyone": True}],
        )
        gateway.api_key("root", is_admin=True)
        key = gateway.api_key("emma.tanaka")
        upstream.on("POST", CHAT, complete_chat)
        with client_of(gateway, key) as emma:
            wait_for_models(emma, "gpt-4o-mini")
            for _ in range(3):
                emma.post(CHAT, json=chat_body("gpt-4o-mini")).raise_for_status()
            upstream.on("POST", CHAT, json_response(WORDS, status=500))
            answer = emma.post(CHAT, json=chat_body("gpt-4o-mini"))
            assert answer.status_code == 502
            wait_until(lambda: recorded(emma) == 4, what="the usage records")
        yield answer.headers["x-request-id"]


def recorded(client):
    return sum(row["requests"] for row in client.get("/v1/usage").json()["data"])


@pytest.fixture
def page(gateway, failed):
    """A superuser's page; console errors, policy violations and requests elsewhere fail."""
    with a_browser() as browser:
        page = browser.new_page(viewport=DESK)
        cookie = {"name": "sessionid", "value": signed_in(gateway, "root"), "url": gateway.url}
        page.context.add_cookies([cookie])
        troubles = troubles_of(page, gateway.url)
        yield page
    assert troubles == []


def test_a_pasted_id_and_enter_lead_to_why_it_failed(gateway, page, failed):
    page.goto(gateway.url + LIST)
    expect(page.get_by_role("searchbox", name="Find requests")).to_be_focused()
    page.keyboard.insert_text(failed)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{gateway.url}{LIST}{failed}/change/")
    expect(page.get_by_role("heading", name="answered 500")).to_be_visible()
    row = page.get_by_role("row", name="openai")
    expect(row.first).to_contain_text("500")
    page.get_by_role("button", name="Copy id").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def test_the_command_palette_finds_a_request(gateway, page, failed):
    page.goto(f"{gateway.url}/admin/")
    page.keyboard.press("Control+k")
    page.locator("#search-input-command").press_sequentially(failed)
    page.locator("#command-results-list a", has_text=failed).click()
    expect(page).to_have_url(f"{gateway.url}{LIST}{failed}/change/")


def test_a_facet_and_a_chip_narrow_the_list(gateway, page, failed):
    page.goto(gateway.url + LIST)
    page.get_by_role("navigation", name="Outcome").get_by_role("link", name="Failed").click()
    expect(page.locator(".requests-table tbody tr")).to_have_count(1)
    page.get_by_role("link", name=failed).click()
    expect(page).to_have_url(f"{gateway.url}{LIST}{failed}/change/")


def test_the_pages_have_no_finding_and_fit_a_desk_and_a_phone(gateway, page, failed, axe):
    troubles = []
    for path in (LIST, f"{LIST}?q=nothing", f"{LIST}{failed}/change/"):
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme="light")
            page.goto(gateway.url + path)
            page.evaluate(axe)
            found = page.evaluate(FOUND, {})
            page.emulate_media(color_scheme="dark")
            page.evaluate("document.documentElement.classList.add('dark')")
            found += page.evaluate(FOUND, ONLY_COLOURS)
            if page.evaluate(HAS_PARTS_BESIDE):
                found.append("the page is wider than the window")
            troubles += [f"{path} at {size['width']}: {each}" for each in found]
    assert troubles == []


def test_the_table_fits_a_narrow_desk(gateway, page):
    page.set_viewport_size({"width": 1100, "height": 900})
    page.goto(gateway.url + LIST)
    table = page.locator(".requests-table")
    assert table.evaluate("each => each.scrollWidth <= each.clientWidth")

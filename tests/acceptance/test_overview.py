"""An administrator looks at the first page of the admin: what is wrong, where, and why."""

import re

import pytest
from playwright.sync_api import expect

from tests.proxy.workers.live.conftest import signed_in
from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.browsers import (
    FOUND,
    HAS_PARTS_BESIDE,
    ONLY_COLOURS,
    ONLY_SEEN,
    a_browser,
    troubles_of,
)
from tests.support.processes import wait_until
from tests.support.responders import complete_chat, json_response
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, pytest.mark.pages, on_one_backing]

WORDS = {"error": {"message": "The server had an error.", "code": "server_error"}}
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
CLICKS = """addEventListener('click', () =>
    sessionStorage.setItem('clicks', 1 + Number(sessionStorage.getItem('clicks'))), true)"""
CLICKED = "Number(sessionStorage.getItem('clicks'))"


@pytest.fixture(scope="module")
def browser():
    with a_browser() as browser:
        yield browser


@pytest.fixture
def page(gateway, browser):
    """A superuser's page; console errors, policy violations and requests elsewhere fail."""
    gateway.api_key("root", is_admin=True)
    page = browser.new_page(viewport=DESK)
    cookie = {"name": "sessionid", "value": signed_in(gateway, "root"), "url": gateway.url}
    page.context.add_cookies([cookie])
    page.add_init_script(CLICKS)
    troubles = troubles_of(page, gateway.url)
    yield page
    page.close()
    assert troubles == []


def test_an_empty_installation_says_what_to_do_next(gateway, page):
    page.goto(f"{gateway.url}/admin/")
    step = page.locator("li[aria-current=step]")
    expect(step.get_by_role("heading")).to_have_text("Add a connection")
    step.get_by_role("link").click()
    expect(page).to_have_url(f"{gateway.url}/admin/connections/connection/add/")


@pytest.fixture(scope="module")
def failed(gateway):
    """The id of a request that its upstream failed, after some that it answered; and a connection
    whose port is refused."""
    with ScriptedUpstream(models=("gpt-4o-mini",)) as upstream:
        silent = {"name": "gpu-box", "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-x"]}
        gateway.configure(
            connections=[{"name": "openai", "base_url": upstream.url, "keys": ["sk-y"]}, silent],
            grants=[{"models": ["*"], "everyone": True}],
        )
        upstream.on("POST", CHAT, complete_chat)
        with client_of(gateway, gateway.api_key("emma.tanaka")) as emma:
            wait_for_models(emma, "gpt-4o-mini")
            for _ in range(3):
                emma.post(CHAT, json=chat_body("gpt-4o-mini")).raise_for_status()
            upstream.on("POST", CHAT, json_response(WORDS, status=500))
            answer = emma.post(CHAT, json=chat_body("gpt-4o-mini"))
            assert answer.status_code == 502
            rows = emma.get("/v1/usage")
            wait_until(
                lambda: sum(r["requests"] for r in emma.get("/v1/usage").json()["data"]) == 4,
                what="the usage records",
            )
            rows.raise_for_status()
        yield answer.headers["x-request-id"]


def test_one_click_leads_from_a_failure_to_why(gateway, page, failed):
    page.goto(f"{gateway.url}/admin/")
    panel = page.get_by_role("region", name="Newest failures")
    expect(panel).to_contain_text("The server had an error.")
    panel.get_by_role("row", name="emma.tanaka").get_by_role("link", name="ago").or_(
        panel.get_by_role("link", name="now")
    ).first.click()
    expect(page).to_have_url(f"{gateway.url}/admin/usage/usagerow/{failed}/change/")
    assert page.evaluate(CLICKED) == 1


def test_one_click_leads_from_what_is_wrong_to_its_form(gateway, page, failed):
    page.goto(f"{gateway.url}/admin/")
    notice = page.get_by_role("region", name="Needs attention").get_by_role("listitem").first
    expect(notice).to_contain_text("gpu-box: port refused")
    notice.get_by_role("link", name="gpu-box").click()
    expect(page).to_have_url(re.compile(r"/admin/connections/connection/\d+/change/"))
    assert page.evaluate(CLICKED) == 1


def test_one_click_verifies_and_one_disables_what_is_broken(gateway, page, failed):
    page.goto(f"{gateway.url}/admin/?period=7d")
    notices = page.get_by_role("region", name="Needs attention")
    notices.get_by_role("button", name="Verify gpu-box").click()
    expect(page.get_by_text("gpu-box failed at")).to_be_visible()
    expect(page).to_have_url(f"{gateway.url}/admin/?period=7d")
    assert page.evaluate(CLICKED) == 1
    notices.get_by_role("button", name="Disable gpu-box").click()
    expect(page.get_by_text("gpu-box is disabled: no request goes there")).to_be_visible()
    assert page.evaluate(CLICKED) == 2
    expect(notices.get_by_text("gpu-box")).to_have_count(0)
    page.get_by_role("link", name="Enable it again").click()
    page.get_by_role("link", name="History").last.click()
    expect(page.get_by_text("enabled").first).to_be_visible()


def test_a_figure_leads_to_what_it_counts_and_the_period_stays(gateway, page, failed):
    page.goto(f"{gateway.url}/admin/?period=7d")
    figures = page.get_by_role("region", name="Figures").get_by_role("listitem")
    figures.filter(has_text="Errors").get_by_role("link").first.click()
    expect(page.locator(".requests-table tbody tr")).to_have_count(1)
    assert "since=" in page.url


def test_the_page_asks_for_itself_again(gateway, page, failed):
    page.clock.install()
    page.goto(f"{gateway.url}/admin/?period=7d&top=models")
    page.evaluate("document.querySelector('.overview-state').textContent = 'old'")
    with page.expect_response(lambda response: "top=models" in response.url):
        page.clock.run_for(31_000)
    expect(page.locator(".overview-state")).to_contain_text("Gatehouse")
    expect(page.get_by_role("link", name="7 d")).to_have_attribute("aria-current", "true")


def test_it_has_no_finding_and_fits_a_desk_and_a_phone(gateway, page, failed, axe):
    troubles = []
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")
        page.goto(f"{gateway.url}/admin/")
        page.evaluate(axe)
        found = page.evaluate(FOUND, {} if size is DESK else ONLY_SEEN)
        page.emulate_media(color_scheme="dark")
        page.evaluate("document.documentElement.classList.add('dark')")
        found += page.evaluate(FOUND, ONLY_COLOURS)
        if page.evaluate(HAS_PARTS_BESIDE):
            found.append("the page is wider than the window")
        troubles += [f"{size['width']}: {each}" for each in found]
    assert troubles == []

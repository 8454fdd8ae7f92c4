"""An administrator adds a connection in a browser: two fields, one button, and hints that apply."""

import os
import re
from pathlib import Path

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
from tests.support.processes import free_port, wait_until
from tests.support.responders import complete_chat, json_response
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, pytest.mark.pages, on_one_backing]

LIST = "/admin/connections/connection/"
ADD = f"{LIST}add/"
KEY = "sk-canary-5555"
SAID = {"error": {"message": "The server had an error.", "code": "server_error"}}
SHOTS = os.environ.get("CONNECTION_PICTURES")  # a folder, for pictures of each page


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o-mini", "gpt-4o")) as upstream:
        upstream.on("POST", CHAT, complete_chat)
        yield upstream


@pytest.fixture(scope="module")
def used(gateway, upstream):
    """A gateway with a connection that works and was used, and one whose port is refused."""
    silent = f"http://127.0.0.1:{free_port()}/v1"
    target = {"connection": "openai", "model": "gpt-4o"}
    gateway.configure(
        connections=[
            {"name": "openai", "base_url": upstream.url, "keys": [KEY]},
            {"name": "silent", "base_url": silent, "keys": [KEY]},
        ],
        grants=[{"models": ["*"], "everyone": True}],
        routes=[{"model": "best", "targets": [target, target | {"connection": "silent"}]}],
    )
    gateway.api_key("root", is_admin=True)
    key = gateway.api_key("emma.tanaka")
    with client_of(gateway, key) as emma:
        wait_for_models(emma, "gpt-4o-mini", "gpt-4o", "best")
        for _ in range(3):
            emma.post(CHAT, json=chat_body("gpt-4o-mini")).raise_for_status()
        upstream.on("POST", CHAT, json_response(SAID, status=500))
        emma.post(CHAT, json=chat_body("gpt-4o-mini"))
        upstream.on("POST", CHAT, complete_chat)
        wait_until(lambda: recorded(emma) == 4, what="the usage records")
    return gateway


def recorded(client):
    return sum(row["requests"] for row in client.get("/v1/usage").json()["data"])


@pytest.fixture(scope="module")
def browser(used):
    with a_browser() as browser:
        yield browser


@pytest.fixture
def page(browser, used):
    """A superuser's page; console errors, policy violations and requests elsewhere fail."""
    page = browser.new_page(viewport=DESK)
    cookie = {"name": "sessionid", "value": signed_in(used, "root"), "url": used.url}
    page.context.add_cookies([cookie])
    troubles = troubles_of(page, used.url)
    yield page
    page.close()
    assert troubles == []


class Person:
    """Counts what a person does on a page."""

    def __init__(self, page):
        self.page = page
        self.fields = self.clicks = 0

    def fill(self, locator, text):
        self.fields += 1
        locator.fill(text)

    def click(self, locator):
        self.clicks += 1
        locator.click()


def test_a_connection_takes_two_fields_and_one_button(used, page, upstream):
    person = Person(page)
    page.goto(used.url + ADD)
    person.fill(page.get_by_label("Base URL"), f"{upstream.url}/chat/completions")
    person.fill(page.get_by_label("New key").first, KEY)
    person.click(page.get_by_role("button", name="Save and verify"))
    result = page.get_by_role("region", name="Verification")
    expect(result).to_contain_text("Every step works · just now")
    expect(result).to_contain_text("2 models are listed.")
    expect(page.get_by_label("Base URL")).to_have_value(upstream.url)
    expect(page.get_by_label("Name", exact=False).first).to_have_value(
        upstream.url.removeprefix("http://").removesuffix("/v1").replace(".", "-").replace(":", "-")
    )
    assert (person.fields, person.clicks) == (2, 1)
    assert KEY not in page.content()


def test_a_hint_is_applied_by_one_click_and_the_key_goes_along(used, page, upstream):
    page.goto(used.url + ADD)
    page.get_by_label("Base URL").fill(upstream.url.removesuffix("/v1"))
    page.get_by_label("New key").first.fill(KEY)
    page.get_by_role("button", name="Save and verify").click()
    result = page.get_by_role("region", name="Verification")
    expect(result).to_contain_text("It fails at Models")
    picture(page, "result")
    page.get_by_role("button", name=f"Use {upstream.url}").click()
    expect(result).to_contain_text("Every step works")
    expect(page.get_by_label("Base URL")).to_have_value(upstream.url)
    expect(page.get_by_role("row", name="…5555").first).to_be_visible()
    wait_until(lambda: models_to_try(page), what="the models in the page")
    page.get_by_label("Try a chat with").select_option("gpt-4o")
    page.get_by_role("button", name="Try a chat").click()
    expect(result).to_contain_text("The model answers.")


def models_to_try(page):
    """The worker asks the upstream for its models in the background."""
    page.reload()
    return page.get_by_role("combobox", name="Try a chat with").count()


def test_a_tile_fills_the_url_and_hides_what_does_not_apply(used, page):
    page.goto(used.url + ADD)
    page.get_by_role("radio", name="Anthropic").check()
    expect(page.get_by_label("Base URL")).to_have_value("https://api.anthropic.com/v1")
    expect(page.get_by_label("API version")).to_be_hidden()
    page.get_by_role("radio", name="Azure OpenAI").check()
    expect(page.get_by_label("Base URL")).to_have_value("")
    expect(page.get_by_label("API version")).to_be_visible()
    page.get_by_label("Base URL").fill("https://openrouter.ai/api/v1/chat/completions?a=b")
    page.get_by_label("Base URL").blur()
    expect(page.get_by_role("radio", name="OpenRouter")).to_be_checked()
    expect(page.get_by_label("Base URL")).to_have_value("https://openrouter.ai/api/v1")


def test_the_list_says_what_is_wrong_once_and_rows_are_switched_and_dragged(used, page):
    page.goto(used.url + LIST)
    banner = page.get_by_role("region", name="Connections that need you")
    expect(banner).to_have_count(1)
    expect(banner).to_contain_text("port refused (silent)")
    expect(page.get_by_role("row", name="silent")).to_contain_text("port refused")
    expect(page.get_by_role("row", name="openai")).to_contain_text("works")
    expect(page.get_by_role("img", name="4 requests, 1 failed")).to_be_visible()
    expect(page.get_by_role("link", name="25.0 %")).to_be_visible()
    handles = page.locator("[x-sort\\:handle] .cursor-move.flex")
    handles.nth(0).hover()
    page.mouse.down()
    last = handles.last.bounding_box()
    page.mouse.move(last["x"] + 10, last["y"] + 30, steps=20)
    page.mouse.up()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list .connection-name").last).to_have_text("openai")


def test_the_tabs_lead_to_models_traffic_and_history(used, page):
    page.goto(used.url + LIST)
    page.get_by_role("link", name="openai").first.click()
    page.get_by_role("link", name="Models", exact=True).last.click()
    expect(page.get_by_role("region", name="Models offered now")).to_contain_text("gpt-4o-mini")
    page.get_by_role("link", name="Traffic", exact=True).last.click()
    expect(page.get_by_text("4 requests in 30 days, 1 failed")).to_be_visible()
    expect(page.get_by_role("row", name="The server had an error.")).to_be_visible()
    page.get_by_role("link", name="History", exact=True).last.click()
    expect(page).to_have_url(f"{used.url}{LIST}1/history/")


def test_deleting_offers_to_disable_instead(used, page):
    page.goto(f"{used.url}{LIST}2/delete/")
    page.get_by_role("button", name="Disable silent instead").click()
    expect(page.get_by_role("row", name="silent")).to_contain_text("disabled")


def test_a_route_tells_how_its_targets_are_and_tests_them(used, page):
    page.goto(f"{used.url}/admin/resilience/route/1/change/")
    expect(page.get_by_role("row", name="gpt-4o").first).to_contain_text("works")
    page.get_by_role("link", name=re.compile("Test$")).click()
    page.locator("#modal-content").get_by_role("button", name="Test").click()
    # A test takes ten seconds at most, and the page is loaded again behind it.
    expect(page.get_by_text("openai works:")).to_be_visible(timeout=20_000)


# Others of a connection are among those of test_accessibility.
PAGES = {
    "list": LIST,
    "add": ADD,
    "failing": f"{LIST}2/change/",
    "models": f"{LIST}1/models/",
    "traffic": f"{LIST}1/traffic/",
    "route": "/admin/resilience/route/1/change/",
}


def test_every_page_is_clean_in_both_themes_and_fits_a_phone(used, page, axe):
    found = []
    for name, path in PAGES.items():
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")
        page.goto(used.url + path)
        picture(page, name)
        page.evaluate(axe)
        found += [f"{name}: {one}" for one in page.evaluate(FOUND, {})]
        page.emulate_media(color_scheme="dark")
        page.evaluate("document.documentElement.classList.add('dark')")
        picture(page, f"{name}-dark")
        found += [f"{name}, dark: {one}" for one in page.evaluate(FOUND, ONLY_COLOURS)]
        page.set_viewport_size(PHONE)
        picture(page, f"{name}-phone")
        if page.evaluate(HAS_PARTS_BESIDE):
            found.append(f"{name}: wider than a phone")
    assert found == []


def picture(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)

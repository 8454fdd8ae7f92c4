"""The admin in a browser, held against axe-core: no finding but minor ones, in either theme."""

import re

import pytest
from playwright.sync_api import sync_playwright

from tests.proxy.workers.live.conftest import signed_in
from tests.support import parts
from tests.support.client_packages import node_project
from tests.support.stores import on_one_backing

pytestmark = [pytest.mark.acceptance, on_one_backing]

# One page of each kind: lists, forms with all kinds of fields, pages of our own, errors.
PAGES = (
    "/admin/accounts/user/",
    "/admin/accounts/user/1/change/",
    "/admin/accounts/apikey/add/",
    "/admin/connections/connection/",
    "/admin/connections/connection/1/change/",
    "/admin/connections/connection/1/delete/",
    "/admin/models_registry/registeredmodel/all/",
    "/admin/limits/limit/",
    "/admin/limits/limit/add/",
    "/admin/limits/limit/1/change/",
    "/admin/limits/limit/1/raise/",
    "/admin/usage-charts/",
    "/admin/usage/usagerow/",
    "/nowhere",
)
RAISE = {"amount": 9, "until": "2999-12-31"}
LIMIT = {"label": "root a day", "everyone": True, "share": "each_user", "metric": "usd"} | {
    "amount": 5,
    "window": "day",
    "raises": [RAISE],
}
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
FOUND = """async options => {
    const found = await axe.run(document, {resultTypes: ["violations"], ...options});
    return found.violations
        .filter(each => each.impact !== "minor")
        .map(each => `${each.id}: ${each.nodes.map(node => node.html).join(" ")}`);
}"""
ONLY_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


@pytest.fixture(scope="module")
def page(gateway):
    """A browser of a superuser, at a gateway with a connection that gives no list of models."""
    chromium = parts.require("Chromium", parts.chromium())
    connections = [{"name": "silent", "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-x"]}]
    gateway.configure(connections=connections, limits=[LIMIT])
    gateway.api_key("root", is_admin=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.address, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        cookie = {"name": "sessionid", "value": signed_in(gateway, "root"), "url": gateway.url}
        page.context.add_cookies([cookie])
        yield page
        browser.close()


@pytest.fixture
def axe(tmp_path):
    """The source of axe-core."""
    return (node_project("axe", tmp_path) / "node_modules/axe-core/axe.min.js").read_text()


def test_pages_have_no_finding_of_weight_in_either_theme(gateway, page, axe):
    troubles = []
    for path in PAGES:
        page.emulate_media(color_scheme="light")
        page.goto(gateway.url + path)
        page.evaluate(axe)
        troubles += [f"{path}: {one}" for one in page.evaluate(FOUND, {})]
        page.emulate_media(color_scheme="dark")
        page.evaluate(
            "document.documentElement.classList.add('dark')"
        )  # as the admin's switch does
        troubles += [f"{path}, dark: {one}" for one in page.evaluate(FOUND, ONLY_COLOURS)]
    assert troubles == []


def test_the_first_tab_leads_to_the_content(gateway, page):
    page.goto(f"{gateway.url}/admin/accounts/user/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "page-content"


def test_a_field_with_a_search_is_announced_with_its_label_and_its_value(gateway, page):
    page.goto(f"{gateway.url}/admin/models_registry/registeredmodel/add/?connection=1")
    page.get_by_role("combobox", name=re.compile(r"Connection\*? silent")).click()
    page.get_by_role("searchbox", name="Search").fill("sil")
    page.get_by_role("option", name="silent").wait_for()


def shown(page):
    """Which of the fields that depend on others are to be seen."""
    names = ("group", "user", "window", "time_zone", "unpriced", "assumed_per_million")
    return [name for name in names if page.locator(f"label[for=id_{name}]").is_visible()]


def test_a_limit_is_asked_for_what_its_other_fields_call_for(gateway, page):
    page.goto(f"{gateway.url}/admin/limits/limit/add/")
    page.locator("[name=subject_kind]").select_option("group")
    page.locator("[name=metric]").select_option("usd")
    page.locator("[name=window]").select_option("day")
    page.locator("[name=unpriced]").select_option("assume")
    assert shown(page) == ["group", "window", "time_zone", "unpriced", "assumed_per_million"]
    page.locator("[name=subject_kind]").select_option("everyone")
    page.locator("[name=metric]").select_option("concurrency")
    assert shown(page) == []


def test_a_limit_that_is_there_shows_what_means_something_for_it(gateway, page):
    page.goto(f"{gateway.url}/admin/limits/limit/1/change/")
    assert page.locator("[name=unpriced]").input_value() == "refuse"
    assert shown(page) == ["time_zone", "unpriced"]
    page.locator("[name=unpriced]").select_option("assume")
    assert shown(page) == ["time_zone", "unpriced", "assumed_per_million"]

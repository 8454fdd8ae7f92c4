"""The admin in a browser, held against axe-core: no finding but minor ones, in either theme."""

import re
from urllib.parse import urljoin

import pytest
from django.contrib import admin
from playwright.sync_api import expect

from tests.proxy.workers.live.conftest import signed_in
from tests.support.browsers import DESK, FOUND, HAS_PARTS_BESIDE, ONLY_SEEN, PHONE, a_browser
from tests.support.stores import on_one_backing

pytestmark = [pytest.mark.acceptance, pytest.mark.pages, on_one_backing]

# Beside the list and the forms of each model: pages of our own, questions, errors.
PAGES = (
    "/admin/",
    "/admin/accounts/",
    "/admin/accounts/user/1/history/",
    "/admin/connections/connection/1/delete/",
    "/admin/models_registry/registeredmodel/all/",
    "/admin/limits/limit/1/raise/",
    "/admin/usage-charts/",
    "/admin/live/",
    "/admin/speech-cache/",
    "/nowhere",
)
A_ROW_OF_EACH = """
from django.contrib.auth.models import Group
from connections.models import Connection
from limits.models import Limit, LimitAlert
from models_registry.models import ModelGrant, RegisteredModel
from resilience.models import ResiliencePolicy, Route
from usage.models import Price
one = Connection.objects.get()
Group.objects.create(name="team")
ModelGrant.objects.create(pattern="*", everyone=True)
RegisteredModel.objects.create(connection=one, model="gpt-4o")
ResiliencePolicy.objects.create(name="patient")
Route.objects.create(model="chat")
Price.objects.create(model="gpt-4o", input_per_million=1)
LimitAlert.objects.create(limit=Limit.objects.get(), start=0, threshold=50)
"""
FIRST_ROW = "#result_list a[href*='/change/'], main table a[href*='/change/']"
RAISE = {"amount": 9, "until": "2999-12-31"}
LIMIT = {"label": "root a day", "everyone": True, "share": "each_user", "metric": "usd"} | {
    "amount": 5,
    "window": "day",
    "raises": [RAISE],
}


@pytest.fixture(scope="module")
def page(gateway):
    """A browser of a superuser, at a gateway with a connection that gives no list of models."""
    connections = [{"name": "silent", "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-x"]}]
    gateway.configure(connections=connections, limits=[LIMIT])
    gateway.api_key("root", is_admin=True)
    gateway.manage("shell", "--no-imports", "-c", A_ROW_OF_EACH)
    with a_browser() as browser:
        page = browser.new_page(viewport=DESK)
        cookie = {"name": "sessionid", "value": signed_in(gateway, "root"), "url": gateway.url}
        page.context.add_cookies([cookie])
        yield page


@pytest.mark.timeout(900)  # some sixty pages, on a busy machine
def test_no_page_has_a_finding_of_weight_in_either_theme_or_on_a_phone(gateway, page, axe):
    troubles = [
        f"{path} {found}"
        for path in every_page(gateway, page)
        for found in findings(page, axe, is_twin=path.endswith("/add/"))
    ]
    page.set_viewport_size(DESK)
    assert troubles == []


def every_page(gateway, page):
    """Go to each page; yields its path while it is open."""
    admin.autodiscover()
    for path in PAGES:
        page.goto(gateway.url + path)
        yield path
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        page.goto(gateway.url + path)
        yield path
        row = page.locator(FIRST_ROW).first
        form = row.get_attribute("href") if row.count() else ""
        if page.goto(f"{gateway.url}{path}add/").status == 200:
            yield f"{path}add/"
        if form:
            page.goto(urljoin(f"{gateway.url}{path}", form))
            yield form


def findings(page, axe, *, is_twin):
    """What axe finds on the page that is open, and whether it is wider than a phone.

    One that ``is_twin`` looks like another in the dark and on a phone.
    """
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    page.evaluate("document.documentElement.classList.remove('dark')")
    page.evaluate(axe)
    yield from page.evaluate(FOUND, {})
    if is_twin:
        return
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.documentElement.classList.add('dark')")  # as the admin's switch does
    yield from (f"on a phone in the dark, {one}" for one in page.evaluate(FOUND, ONLY_SEEN))
    if page.evaluate(HAS_PARTS_BESIDE):
        yield "is wider than a phone"


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


def expect_shown(page, *names):
    """Of the fields that depend on others, just these are to be seen, soon."""
    for name in ("group", "user", "window", "time_zone", "unpriced", "assumed_per_million"):
        expect(page.locator(f"label[for=id_{name}]")).to_be_visible(visible=name in names)


def test_a_limit_is_asked_for_what_its_other_fields_call_for(gateway, page):
    page.goto(f"{gateway.url}/admin/limits/limit/add/")
    page.locator("[name=subject_kind]").select_option("group")
    page.locator("[name=metric]").select_option("usd")
    page.locator("[name=window]").select_option("day")
    page.locator("[name=unpriced]").select_option("assume")
    expect_shown(page, "group", "window", "time_zone", "unpriced", "assumed_per_million")
    page.locator("[name=subject_kind]").select_option("everyone")
    page.locator("[name=metric]").select_option("concurrency")
    expect_shown(page)


def test_a_limit_that_is_there_shows_what_means_something_for_it(gateway, page):
    page.goto(f"{gateway.url}/admin/limits/limit/1/change/")
    assert page.locator("[name=unpriced]").input_value() == "refuse"
    expect_shown(page, "time_zone", "unpriced")
    page.locator("[name=unpriced]").select_option("assume")
    expect_shown(page, "time_zone", "unpriced", "assumed_per_million")

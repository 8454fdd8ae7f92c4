"""A new person in a browser: from signing in to a pasted request, on pages fit for everybody."""

import json
import shlex
import subprocess

import pytest
from playwright.sync_api import expect

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
from tests.support.responders import complete_chat
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, pytest.mark.pages, on_one_backing]

PASSWORD = "a-long-pass-phrase-4"
MODEL = "gpt-4o-mini"
LIMIT = {
    "label": "calls a month",
    "group": "research",
    "share": "each_user",
    "metric": "requests",
    "amount": 3,
    "window": "month",
}
MAKE_PEOPLE = f"""
from django.contrib.auth.models import Group
from accounts.models import User
from portal.models import GroupManager
group, _ = Group.objects.get_or_create(name="research")
for name in ("emma.tanaka", "lena.maier"):
    user = User.objects.create_user(name, email=name + "@example.org", password="{PASSWORD}")
    user.groups.add(group)
    GroupManager.objects.create(group=group, user=user)
"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
DARK = "oklch(0.21 0.034 264.7)"  # of the pages around the portal
PAGES = (
    *("/", "/portal/keys/", "/portal/keys/new/", "/portal/models/", f"/portal/models/{MODEL}"),
    *("/portal/models/?q=nothing", "/portal/models/nothing", "/portal/access/"),
    *("/portal/usage/", "/portal/requests/", "/portal/requests/?state=failed", "/portal/limits/"),
    *("/portal/groups/", "/portal/groups/1/", "/v1"),
)


@pytest.fixture(scope="module")
def portal(gateway):
    with ScriptedUpstream(models=(MODEL, "secret-model")) as upstream:
        upstream.on("POST", CHAT, complete_chat)
        gateway.configure(
            connections=[{"name": "openai", "base_url": upstream.url, "keys": ["sk-canary-5555"]}],
            groups=[{"name": "research"}],
            grants=[{"models": [MODEL], "groups": ["research"]}],
            limits=[LIMIT],
        )
        gateway.manage("shell", "--no-imports", "-c", MAKE_PEOPLE)
        with client_of(gateway, gateway.api_key("waiting", groups=["research"])) as client:
            wait_for_models(client, MODEL)
        yield gateway


@pytest.fixture(scope="module")
def browser():
    with a_browser() as browser:
        yield browser


@pytest.fixture
def page(portal, browser):
    """A new browser; console errors, policy violations and requests elsewhere fail."""
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    troubles = troubles_of(page, portal.url)
    yield page
    context.close()
    expected = "the server responded with a status of 404"  # a page that is not there
    assert [one for one in troubles if expected not in one] == []


def sign_in(portal, page, name):
    page.goto(portal.url)
    page.get_by_role("link", name="Sign in").first.click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{portal.url}/")


def made_key(page):
    page.get_by_role("link", name="New key").click()
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("heading", name="Your new key laptop")).to_be_visible()
    return page.locator("#new-key").text_content()


def test_a_new_person_goes_from_signing_in_to_a_pasted_request(portal, page):
    sign_in(portal, page, "emma.tanaka")
    expect(page.get_by_text("1 model is yours")).to_be_visible()
    key = made_key(page)
    page.get_by_role("tab", name="Python").click()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    pasted = page.locator("#snippet-curl").text_content()
    assert key in pasted
    chat = pasted.partition("\n\n")[2].replace("curl ", "curl --noproxy '*' -s ", 1)
    done = subprocess.run(["sh", "-c", chat], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["choices"][0]["message"]["content"]
    page.reload()
    assert key not in page.content()
    wait_until(lambda: "1 request" in used(portal, page), what="the request in the usage")


def used(portal, page):
    page.goto(f"{portal.url}/portal/keys/")
    return f"{page.locator('td.number').first.text_content()} request"


def test_what_is_left_is_what_a_refusal_and_the_api_tell(portal, page):
    sign_in(portal, page, "lena.maier")
    key = made_key(page)
    with client_of(portal, key) as client:
        for left in (2, 1, 0):
            client.post(CHAT, json=chat_body(MODEL)).raise_for_status()
            (told,) = client.get("/v1/limits").json()["data"]
            assert told["remaining"] == left
            assert client.get("/v1/me/limits").json()["data"] == [told]
            page.goto(f"{portal.url}/portal/limits/")
            expect(page.locator(".limit .row span")).to_have_text(f"{left} left")
        refused = client.post(CHAT, json=chat_body(MODEL))
    assert refused.status_code == 429
    said = refused.json()["error"]["message"]
    assert "`calls a month` of 3 requests a month is used up" in said
    expect(page.locator(".limit .muted")).to_contain_text("3 requests a month")


def test_the_address_of_the_api_explains_itself_to_browsers_alone(portal, page):
    page.goto(f"{portal.url}/v1")
    expect(page.get_by_role("heading", name="This is the address of an API")).to_be_visible()
    page.get_by_role("link", name="Sign in for a key").click()
    with client_of(portal, "") as client:
        for accept in ("*/*", "application/json", "text/html, application/json"):
            answer = client.get("/v1", headers={"accept": accept})
            is_page = accept.startswith("text/html")
            assert answer.headers["content-type"].startswith("text/html") is is_page, accept
        post = client.post("/v1", headers={"accept": "text/html"})
    assert post.json()["error"]["code"] == "not_found"


def test_staff_land_on_the_portal_unless_they_were_on_their_way_to_the_admin(portal, page):
    boss = f"""
from accounts.models import User
User.objects.create_superuser("boss", password="{PASSWORD}")
"""
    portal.manage("shell", "--no-imports", "-c", boss)
    sign_in(portal, page, "boss")
    page.get_by_text("boss", exact=True).click()
    page.get_by_role("link", name="Admin").click()
    expect(page).to_have_url(f"{portal.url}/admin/")
    page.context.clear_cookies()
    page.goto(f"{portal.url}/admin/accounts/user/")
    page.get_by_label("Username").fill("boss")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{portal.url}/admin/accounts/user/")


def test_a_theme_that_is_chosen_stays(portal, page):
    sign_in(portal, page, "emma.tanaka")
    page.emulate_media(color_scheme="light")
    light = page.evaluate(BACKGROUND)
    page.get_by_text("emma.tanaka", exact=True).click()
    page.get_by_role("button", name="Dark").click()
    page.goto(f"{portal.url}/portal/keys/")
    assert page.evaluate(BACKGROUND) != light
    page.get_by_text("emma.tanaka", exact=True).click()
    page.get_by_role("button", name="Sign out").click()
    for path in ("/accounts/login/", "/docs", "/nowhere", "/accounts/invitation/nothing/"):
        page.goto(portal.url + path)
        assert page.evaluate(BACKGROUND) == DARK, path
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_the_pages_have_no_finding_and_fit_a_desk_and_a_phone(portal, page, axe):
    page.goto(portal.url)
    troubles = findings(portal, page, axe, "/")
    sign_in(portal, page, "lena.maier")
    for path in PAGES:
        troubles += findings(portal, page, axe, path)
    assert troubles == []


def findings(portal, page, axe, path):
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    page.goto(portal.url + path)
    page.evaluate(axe)
    found = page.evaluate(FOUND, {})
    page.emulate_media(color_scheme="dark")
    found += page.evaluate(FOUND, ONLY_COLOURS)
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        if page.evaluate(HAS_PARTS_BESIDE):
            found.append(f"the page is wider than {size['width']}")
    return [f"{path}: {each}" for each in found]


def test_a_page_can_be_read_and_used_without_javascript(portal, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(portal, page, "emma.tanaka")
    expect(page.locator("#snippet-codex")).to_be_visible()
    assert shlex.split(page.locator("#snippet-environment").text_content())
    context.close()

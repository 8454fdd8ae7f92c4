"""Models and groups as a matrix, in a browser: three clicks for any number of models."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.proxy.workers.live.conftest import signed_in
from tests.support.api import CHAT, chat_body, client_of, listed, wait_for_models
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

PAGE = "/admin/models_registry/modelgrant/access/"
OPENAI = ("gpt-4o", "gpt-4o-mini", "gpt-4o-audio", "gpt-5.2", "gpt-5.2-pro", "o4-mini", "whisper-1")
MAKERS = ("anthropic", "cohere", "mistral")
ROUTED = tuple(
    f"{maker}/{maker}-{kind}" for maker in MAKERS for kind in ("chat-3b", "chat-70b", "coder-70b")
)
LOCAL = tuple(f"qwen-{number}b" for number in range(30))
OPEN = "?open=openai%2F&open=openrouter%2Fanthropic%2F"
GROUPS = {
    "platform": ["ana", "ben", "carl"],
    "research": ["dora", "emil"],
    "support": ["finn", "gita", "hugo", "ines", "dora"],
    "finance": ["jan"],
    "legal": ["kim", "lea"],
    "ml-infra": ["mia", "gita"],
    "interns": ["noah", "olga", "pia"],
}
GRANTS = [
    {"models": ["gpt-4o-mini"], "everyone": True},
    {"models": ["gpt-4o*", "gpt-5*"], "groups": ["platform"]},
    {"models": ["anthropic/*"], "groups": ["research"]},
    {"models": ["gpt-4o", "gpt-6*"], "groups": ["finance"]},
    {"models": ["cohere/*"], "groups": ["legal"]},
    {"models": ["*"], "groups": ["ml-infra"]},
]
PREPARED = f"""
from accounts.models import User
from usage.models import Price
for name in {sorted({user for users in GROUPS.values() for user in users})}:
    User.objects.create_user(name)
Price.objects.create(model="anthropic/*", input_per_million=3, output_per_million=15)
Price.objects.create(model="gpt-5*", input_per_million=2, output_per_million=10)
"""


@pytest.fixture(scope="module")
def granted(gateway):
    """A gateway with 46 models of three connections, seven groups, and a chat that was answered."""
    with (
        ScriptedUpstream(models=OPENAI) as openai,
        ScriptedUpstream(models=ROUTED) as router,
        ScriptedUpstream(models=LOCAL) as local,
    ):
        gateway.manage("shell", "--no-imports", "-c", PREPARED)
        gateway.configure(
            connections=[
                {"name": "openai", "base_url": openai.url, "keys": ["sk-1"]},
                {"name": "openrouter", "base_url": router.url, "keys": ["sk-2"], "priority": 5},
                {"name": "local-vllm", "base_url": local.url, "keys": ["sk-3"], "priority": 20},
            ],
            groups=[{"name": name, "users": users} for name, users in GROUPS.items()],
            grants=GRANTS,
        )
        root = gateway.api_key("root", is_admin=True)
        openai.on("POST", CHAT, complete_chat)
        with client_of(gateway, root) as client:
            wait_until(
                lambda: listed(client) >= {"gpt-5.2", *ROUTED, *LOCAL}, what="the lists of models"
            )
            client.post(CHAT, json=chat_body("gpt-5.2")).raise_for_status()
            wait_until(lambda: client.get("/v1/usage").json()["data"], what="the usage records")
        yield gateway


class Clicks:
    """A person's mouse that counts."""

    def __init__(self):
        self.number = 0

    def on(self, locator):
        self.number += 1
        locator.click()


@pytest.fixture(scope="module")
def opened(granted):
    """A superuser's page; console errors, policy violations and requests elsewhere fail."""
    with a_browser() as browser:
        page = browser.new_page(viewport=DESK)
        cookie = {"name": "sessionid", "value": signed_in(granted, "root"), "url": granted.url}
        page.context.add_cookies([cookie])
        yield page, troubles_of(page, granted.url)


@pytest.fixture
def page(opened):
    page, troubles = opened
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    yield page
    assert troubles == []


def tick(page, *ids):
    for model_id in ids:
        page.get_by_role("checkbox", name=model_id, exact=True).check()


def menu(page, title):
    return page.locator(".access-menu", has=page.get_by_text(title, exact=True))


def group(page, title, name):
    return menu(page, title).get_by_role("checkbox", name=name)


def shot(page, name):
    """For the documents: with SHOTS=directory, pictures are put there."""
    if directory := os.environ.get("SHOTS"):
        page.screenshot(path=f"{directory}/{name}.png")


def test_three_clicks_grant_any_number_of_models_to_a_group(granted, page):
    page.goto(granted.url + PAGE)
    wanted = [model_id for model_id in ROUTED if model_id.startswith("anthropic/")]
    page.get_by_role("button", name="openrouter › anthropic/").click()
    tick(page, *wanted)
    clicks = Clicks()
    clicks.on(menu(page, "Grant to…").locator("summary"))
    clicks.on(group(page, "Grant to…", "support"))
    effect = page.locator("#access-effect")
    expect(effect).to_contain_text("3 people gain 3 models: finn, hugo, ines")
    expect(effect).to_contain_text(
        "2 people have them already, by * of ml-infra, anthropic/* of research"
    )
    expect(effect).to_contain_text("No person loses a model.")
    expect(effect).to_contain_text("$15 per million output tokens")
    shot(page, "access")
    page.evaluate("document.documentElement.classList.add('dark')")
    shot(page, "access-dark")
    clicks.on(effect.get_by_role("button", name="Save"))
    expect(page.get_by_text("3 grants made.")).to_be_visible()
    assert clicks.number == 3
    with client_of(granted, granted.api_key("finn")) as finn:
        wait_for_models(finn, "gpt-4o-mini", *wanted)


def test_a_folder_opens_and_folds_and_keeps_what_is_ticked(granted, page):
    page.goto(granted.url + PAGE)
    folder = page.get_by_role("button", name="local-vllm")
    expect(folder).to_have_attribute("aria-expanded", "false")
    folder.press("Enter")
    tick(page, "qwen-7b")
    folder.press("Enter")
    expect(page.get_by_role("checkbox", name="qwen-7b", exact=True)).to_be_hidden()
    expect(page.locator("#access-effect")).to_contain_text("1 ticked")
    folder.press("Enter")
    expect(page.get_by_role("checkbox", name="qwen-7b", exact=True)).to_be_checked()


def test_a_pattern_also_gives_what_comes_later(granted, page):
    page.goto(f"{granted.url}{PAGE}?q=mistral")
    page.get_by_role("checkbox", name=re.compile("All 3 of openrouter")).check()
    menu(page, "Grant to…").locator("summary").click()
    group(page, "Grant to…", "interns").check()
    page.get_by_role("radio", name="mistral/*").check()
    effect = page.locator("#access-effect")
    expect(effect).to_contain_text("Makes 1 grant.")
    effect.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="mistral/mistral-chat-3b")
    expect(row.get_by_role("link", name="mistral/*")).to_be_visible()


def test_what_a_pattern_gives_is_taken_back_only_on_purpose(granted, page):
    page.goto(f"{granted.url}{PAGE}?q=cohere")
    tick(page, "cohere/cohere-chat-70b")
    menu(page, "Revoke from…").locator("summary").click()
    group(page, "Revoke from…", "legal").check()
    effect = page.locator("#access-effect")
    expect(effect).to_contain_text("legal has 1 of these models by cohere/*")
    expect(effect).to_contain_text("There is nothing to save.")
    shot(page, "revoke")
    effect.get_by_role("checkbox", name="replace it by grants of the 2 others").check()
    expect(effect).to_contain_text("2 people lose 1 model: kim, lea")
    effect.get_by_role("button", name="Save").click()
    expect(page.get_by_text("2 grants made and 1 grant deleted.")).to_be_visible()
    page.goto(f"{granted.url}{PAGE}person/?user=kim")
    expect(page.get_by_role("row", name="cohere/cohere-coder-70b")).to_be_visible()
    expect(page.get_by_text("cohere/cohere-chat-70b")).to_have_count(0)


def test_the_form_of_a_pattern_says_what_it_covers(granted, page):
    page.goto(f"{granted.url}/admin/models_registry/modelgrant/add/")
    page.locator("#id_pattern").press_sequentially("gpt-4o*")
    expect(page.locator("#pattern-covers")).to_have_text("It covers 3 models now.")
    page.locator("#id_pattern").press_sequentially("x")
    expect(page.locator("#pattern-covers")).to_contain_text("It covers no model")


def test_a_model_is_tried_from_its_page(granted, page):
    page.goto(granted.url + "/admin/model/?id=gpt-5.2")
    expect(page.get_by_text("1 request", exact=True)).to_be_visible()
    shot(page, "model")
    page.get_by_role("button", name="Chat by openai").click()
    expect(page.get_by_text("openai/gpt-5.2 works")).to_be_visible()
    page.get_by_role("button", name="Copy id").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def test_the_pages_have_no_finding_and_fit_a_desk_and_a_phone(granted, page, axe):
    troubles = []
    paths = {
        "matrix": PAGE + OPEN,
        "person": f"{PAGE}person/?user=ana",
        "model": "/admin/model/?id=gpt-5.2",
    }
    for name, path in paths.items():
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme="light")
            page.goto(granted.url + path)
            if name == "matrix":
                tick(page, "gpt-4o", "gpt-5.2")
                menu(page, "Grant to…").locator("summary").click()
                group(page, "Grant to…", "legal").check()
                page.get_by_role("button", name="Save").wait_for()
            page.evaluate(axe)
            # Findings that are no matter of colour are the same in any width.
            found = page.evaluate(FOUND, {} if size is DESK else ONLY_COLOURS)
            shot(page, f"{name}-{size['width']}")
            page.emulate_media(color_scheme="dark")
            page.evaluate("document.documentElement.classList.add('dark')")
            found += page.evaluate(FOUND, ONLY_COLOURS) if size is DESK else []
            shot(page, f"{name}-{size['width']}-dark")
            if page.evaluate(HAS_PARTS_BESIDE):
                found.append("the page is wider than the window")
            troubles += [f"{path} at {size['width']}: {each}" for each in found]
    assert troubles == []

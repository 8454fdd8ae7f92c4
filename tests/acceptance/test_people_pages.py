"""An admin gives a colleague a key in a browser: counted in clicks, and looked at by axe."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.proxy.workers.live.conftest import signed_in
from tests.support.api import CHAT, chat_body, client_of, listed, wait_for_models
from tests.support.browsers import (
    DESK,
    FOUND,
    HAS_PARTS_BESIDE,
    ONLY_COLOURS,
    ONLY_SEEN,
    PHONE,
    a_browser,
    troubles_of,
)
from tests.support.processes import wait_until
from tests.support.responders import complete_chat
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, pytest.mark.pages, on_one_backing]

KEYS, NEW = "/admin/accounts/apikey/", "/admin/accounts/apikey/add/"
MADE_KEY = re.compile(r"sk-gw-\w{38}")
PEOPLE = """
from django.contrib.auth.models import Group
from accounts.models import User
team = Group.objects.get(name="team")
User.objects.create_user("bob", email="bob@example.com", first_name="Bob", last_name="Stone")
User.objects.get(username="bob").groups.add(team)
User.objects.create_user("bobby", email="bobby@example.com")
print(team.pk)
"""


class Person:
    """A page whose clicks are counted; troubles are what a page must not have."""

    def __init__(self, gateway, page):
        self.gateway, self.page, self.clicks = gateway, page, 0
        self.troubles = troubles_of(page, gateway.url)

    def goto(self, path):
        self.page.goto(self.gateway.url + path)

    def begin_a_key(self, person):
        """Open the form, which has the focus where the person goes, and type."""
        self.goto(NEW)
        expect(self.page.locator("#id_person")).to_be_focused()
        self.page.keyboard.type(person)

    def click(self, locator):
        self.clicks += 1
        locator.click()

    def key(self):
        return self.page.locator("#key").text_content()


@pytest.fixture(scope="module")
def ready(gateway):
    with ScriptedUpstream(models=("gpt-4o-mini", "gpt-4o")) as upstream:
        upstream.on("POST", CHAT, complete_chat)
        gateway.configure(
            connections=[{"name": "openai", "base_url": upstream.url, "keys": ["sk-canary-1"]}],
            groups=[{"name": "team", "users": []}],
            grants=[{"models": ["gpt-4o*"], "groups": ["team"]}],
            limits=[
                {"label": "team a day", "group": "team", "share": "each_user", "metric": "requests"}
                | {"amount": 10, "window": "day"}
            ],
        )
        gateway.api_key("root", is_admin=True)
        group = gateway.manage("shell", "-v0", "-c", PEOPLE).stdout.strip()
        key = gateway.api_key("emma", groups=["team"])
        with client_of(gateway, key) as emma:
            wait_for_models(emma, "gpt-4o-mini", "gpt-4o")
            for _ in range(3):
                emma.post(CHAT, json=chat_body("gpt-4o-mini")).raise_for_status()
            wait_until(lambda: recorded(emma) == 3, what="the usage records")
        gateway.group_page = f"/admin/auth/group/{group}/change/"
        yield gateway


def recorded(client):
    return sum(row["requests"] for row in client.get("/v1/usage").json()["data"])


@pytest.fixture(scope="module")
def browser():
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def session(ready):
    return signed_in(ready, "root")


@pytest.fixture
def admin(ready, browser, session):
    context = browser.new_context(viewport=DESK)
    cookie = {"name": "sessionid", "value": session, "url": ready.url}
    context.add_cookies([cookie])
    admin = Person(ready, context.new_page())
    yield admin
    context.close()
    assert admin.troubles == []


def page_of(gateway, model, **fields):
    """The address of the page of a row."""
    code = f"from accounts.models import *; print({model}.objects.get(**{fields!r}).pk)"
    pk = gateway.manage("shell", "-v0", "--no-imports", "-c", code).stdout.strip()
    return f"/admin/accounts/{model.lower()}/{pk}/change/"


def test_a_key_for_a_colleague_takes_two_clicks_and_works(ready, admin):
    admin.begin_a_key("bob")
    admin.click(admin.page.get_by_text("bob (Bob Stone, bob@example.com)"))
    admin.click(admin.page.get_by_role("button", name="Create key"))
    key = admin.key()
    assert admin.clicks == 2
    assert MADE_KEY.fullmatch(key)
    with client_of(ready, key) as bob:
        assert "gpt-4o-mini" in listed(bob)

    admin.page.get_by_role("button", name="Test from here").click()
    expect(admin.page.locator("#trial")).to_contain_text("It works. 2 models")
    admin.page.locator("label[for=tool-python]").click()
    example = admin.page.locator("#snippet-python")
    expect(example).to_contain_text('model="gpt-4o')
    expect(admin.page.locator("#snippet-curl")).not_to_be_visible()
    answer = run_python(example.text_content())
    assert answer.returncode == 0, answer.stderr

    before = count_of(ready)
    admin.page.reload()
    expect(admin.page.get_by_text("cannot be shown again. If nobody")).to_be_visible()
    assert count_of(ready) == before
    bob = page_of(ready, "User", username="bob")
    own = page_of(ready, "ApiKey", user__username="bob")
    history = own.replace("change", "history")
    for path in (KEYS, bob, own, f"{own}?edit=1", history, "/admin/try-key/"):
        admin.goto(path)
        assert key not in admin.page.content(), path
    check_is_nowhere(ready, key)


def check_is_nowhere(gateway, secret):
    """Neither in the log, nor in the database with its sessions, nor in what is exported."""
    files = [path for path in Path(gateway.environment["DATA_DIR"]).rglob("*") if path.is_file()]
    assert {"gatehouse.db"} <= {path.name for path in files}
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    assert secret not in gateway.log
    assert secret not in gateway.manage("export_config").stdout


def run_python(text):
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )


def count_of(gateway):
    code = "from accounts.models import ApiKey; print(ApiKey.objects.count())"
    return gateway.manage("shell", "-v0", "--no-imports", "-c", code).stdout


def test_a_key_for_somebody_new_takes_an_address_and_a_link_opens_once(ready, admin, browser):
    admin.begin_a_key("carol@example.com")
    expect(admin.page.locator("#people")).to_contain_text("invited, with a link that opens once")
    admin.page.wait_for_load_state("networkidle")  # htmx tells of a request that leaving ends
    admin.click(admin.page.get_by_role("button", name="Create key"))
    assert admin.clicks <= 2
    assert MADE_KEY.fullmatch(admin.key())
    link = admin.page.locator("#invitation").text_content()
    admin.page.reload()
    assert link not in admin.page.content()

    context = browser.new_context(viewport=PHONE)
    carol = Person(ready, context.new_page())
    carol.page.goto(link)
    expect(carol.page).to_have_url(f"{ready.url}/accounts/invitation/")
    carol.page.get_by_label("New password", exact=True).fill("a-long-pass-phrase")
    carol.page.get_by_label("New password confirmation").fill("a-long-pass-phrase")
    carol.page.get_by_role("button", name="Set the password and sign in").click()
    expect(carol.page.get_by_text("Successfully signed in as carol.")).to_be_visible()
    context.clear_cookies()
    ended = carol.page.request.get(link)
    assert ended.status == 404
    assert "has been used" in ended.text()
    context.close()
    assert carol.troubles == []
    check_is_nowhere(ready, link.rstrip("/").rpartition("/")[2])


def test_rotating_takes_one_action_and_both_secrets_work(ready, admin):
    key = ready.api_key("rita", groups=["team"])
    admin.goto(f"{KEYS}?q={key[-4:]}")
    admin.click(admin.page.get_by_role("button", name="Rotate"))
    new = admin.key()
    assert admin.clicks == 1
    expect(admin.page.get_by_text("The secret before it works until")).to_be_visible()
    for secret in (key, new):
        with client_of(ready, secret) as rita:
            assert "gpt-4o" in listed(rita)


def test_a_pasted_list_makes_members_and_offers_to_invite(ready, admin):
    admin.goto(ready.group_page)
    pasted = "bobby, bob@example.com\nnobody\ndave@example.com"
    admin.page.get_by_label("User names or mail addresses").fill(pasted)
    admin.page.get_by_role("button", name="Add").click()
    expect(admin.page.get_by_text("1 added: bobby. 1 was a member already.")).to_be_visible()
    expect(admin.page.get_by_text("Unknown: nobody, dave@example.com.")).to_be_visible()
    admin.page.get_by_role("button", name="Invite 1 into team").click()
    expect(admin.page.locator("#link-1")).to_contain_text("/accounts/invitation/")
    admin.page.get_by_role("link", name="dave").click()
    expect(admin.page.get_by_role("link", name="team", exact=True)).to_be_visible()


def test_who_is_invited_has_two_answers_within_six_clicks(ready, browser):
    """One in the playground, and one by the pasted curl."""
    link = ready.manage(
        "invite_user", "nina@example.com", "--group", "team", "--url", ready.url
    ).stdout
    context = browser.new_context(viewport=DESK)
    nina = Person(ready, context.new_page())
    page = nina.page
    page.goto(re.search(r"http\S+/accounts/invitation/\S+", link)[0])
    page.get_by_label("New password", exact=True).fill("a-long-pass-phrase")
    page.get_by_label("New password confirmation").fill("a-long-pass-phrase")
    nina.click(page.get_by_role("button", name="Set the password and sign in"))
    nina.click(page.get_by_role("link", name="Playground"))
    page.get_by_label("Message", exact=True).fill("Hello")
    nina.click(page.get_by_role("button", name="Send"))
    expect(page.get_by_role("button", name="Regenerate")).to_be_visible()
    nina.click(page.get_by_role("link", name="Keys", exact=True))
    nina.click(page.get_by_role("link", name="New key"))
    page.get_by_label("Name").fill("laptop")
    nina.click(page.get_by_role("button", name="Make the key"))
    pasted = page.locator("#snippet-curl").text_content()
    chat = pasted.partition("\n\n")[2].replace("curl ", "curl --noproxy '*' -s ", 1)
    done = subprocess.run(["sh", "-c", chat], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["choices"][0]["message"]["content"]
    assert nina.clicks == 6
    context.close()
    assert nina.troubles == []


def test_the_page_of_a_user_answers_what_they_have_and_use(ready, admin):
    admin.goto(page_of(ready, "User", username="emma"))
    content = admin.page.locator("#page-content")
    expect(content.get_by_role("link", name="3", exact=True)).to_be_visible()  # requests of the key
    expect(content).to_contain_text("emma may use 2 models")
    expect(content).to_contain_text("gpt-4o* is granted to")
    expect(content).to_contain_text("3 of 10")
    expect(content.locator(".people-list time")).to_have_count(3)


def test_chips_narrow_the_list_and_say_how_many(ready, admin):
    ready.manage("revoke_api_key", ready.api_key("max")[-4:])
    admin.goto(KEYS)
    admin.page.get_by_role("navigation", name="State").get_by_role("link", name="Revoked").click()
    expect(admin.page.locator("#result_list tbody tr")).to_have_count(1)
    expect(admin.page.locator("#result_list")).to_contain_text("max")


def test_without_a_script_the_page_with_the_key_can_be_read(ready, browser, session):
    context = browser.new_context(viewport=DESK, java_script_enabled=False)
    cookie = {"name": "sessionid", "value": session, "url": ready.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(ready.url + NEW)
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    form = {"csrfmiddlewaretoken": token, "person": "bobby", "scopes": "inference"}
    headers = {"Referer": ready.url + NEW}
    made = context.request.post(ready.url + NEW, form=form, headers=headers, max_redirects=0)
    page.goto(ready.url + made.headers["location"])
    assert MADE_KEY.fullmatch(page.locator("#key").text_content())
    page.locator("label[for=tool-codex]").click()
    expect(page.locator("#snippet-codex")).to_be_visible()
    context.close()


def test_pages_have_no_finding_and_fit_a_desk_and_a_phone(ready, admin, axe):
    ready.api_key("zoe", groups=["team"])
    emma = page_of(ready, "User", username="emma")
    key = page_of(ready, "ApiKey", user__username="emma")
    members = ready.group_page.replace("change", "members")
    paths = (KEYS, NEW, key, emma, ready.group_page, members, "/admin/accounts/user/invite/")
    troubles = []
    for path in paths:
        admin.goto(path)
        troubles += look(admin.page, axe, path)
    admin.begin_a_key("erin@example.com")
    admin.page.get_by_role("button", name="Create key").click()
    link = admin.page.locator("#invitation").text_content()
    troubles += look(admin.page, axe, "the page with the key")
    admin.page.context.clear_cookies()
    admin.page.goto(link)
    troubles += look(admin.page, axe, "the invitation")
    assert troubles == []


def look(page, axe, name):
    page.evaluate(axe)
    found = []
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        # What is no matter of sight is the same in any width.
        found += page.evaluate(FOUND, {} if size is DESK else ONLY_SEEN)
        if page.evaluate(HAS_PARTS_BESIDE):
            found.append("the page is wider than the window")
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.documentElement.classList.add('dark')")  # as the admin's switch does
    found += page.evaluate(FOUND, ONLY_COLOURS)
    page.emulate_media(color_scheme="light")
    page.evaluate("document.documentElement.classList.remove('dark')")
    return [f"{name}: {each}" for each in found]

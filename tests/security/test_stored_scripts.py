"""What others may write runs in no page of the admin: seen in a browser."""

import re

import pytest
from playwright.sync_api import sync_playwright

from tests.proxy.workers.live.conftest import signed_in
from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.processes import wait_until
from tests.support.responders import complete_chat, json_response
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

SCRIPT = """m'"><img src=x onerror=pwned=1><script>pwned=1</script>{{pwned=1}}"""
MODELS = "/admin/models_registry/registeredmodel/models/"
LISTS = ("accounts/apikey", "accounts/user", "auth/group", "usage/usagerow")
NOT_FOLLOWED = ("/logout/", "/delete/", "/history/", "/password/", "/add/")
PEOPLE = f"""
from accounts.models import ApiKey, User
from django.contrib.auth.models import Group
written = {SCRIPT!r}
names = dict(first_name=written, last_name=written, email=written)
mallory = User.objects.create(username="mallory", **names)
User.objects.create_superuser("root")
Group.objects.create(name=written)
print(ApiKey.objects.issue(mallory, name=written)[1])
"""


@pytest.fixture
def gateway(start_gateway):
    """A gateway that was told scripts wherever others may tell it something."""
    gateway = start_gateway()
    with ScriptedUpstream(models=(SCRIPT,)) as upstream:
        hostile = {"name": "hostile", "base_url": upstream.url, "tags": [SCRIPT]}
        gateway.configure(
            connections=[hostile | {"auth_type": "none"}],
            models=[{"connection": "hostile", "model": SCRIPT, "description": SCRIPT}],
            grants=[{"models": ["*"], "everyone": True}],
        )
        key = gateway.manage("shell", "--no-imports", "-c", PEOPLE).stdout.strip()
        with client_of(gateway, key) as mallory:
            wait_for_models(mallory, SCRIPT)
            mallory.headers["x-client-request-id"] = SCRIPT
            upstream.on("POST", CHAT, complete_chat)
            assert mallory.post(CHAT, json=chat_body(SCRIPT)).status_code == 200
            refusal = {"error": {"message": SCRIPT, "code": SCRIPT}}
            upstream.on("POST", CHAT, json_response(refusal, status=400))
            assert mallory.post(CHAT, json=chat_body(SCRIPT)).status_code == 400
            wait_until(lambda: recorded(mallory) == 2, what="the usage records")
        yield gateway


def recorded(client):
    return sum(row["requests"] for row in client.get("/v1/usage").json()["data"])


@pytest.mark.pages
def test_it_is_only_text(gateway, chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.address, args=["--no-sandbox"]
        )
        page = browser.new_page()
        cookie = {"name": "sessionid", "value": signed_in(gateway, "root"), "url": gateway.url}
        page.context.add_cookies([cookie])
        waiting = {shape("/admin/"): "/admin/", "search": f"{MODELS}?q={SCRIPT}"}
        seen, showing = set(), set()
        while waiting.keys() - seen:
            kind = next(kind for kind in waiting if kind not in seen)
            seen.add(kind)
            page.goto(gateway.url + waiting[kind])
            assert page.evaluate("typeof pwned") == "undefined", waiting[kind]
            if "<img src=x onerror" in page.inner_text("body"):
                showing.add(kind)
            for path in page.eval_on_selector_all("a[href]", "all => all.map(a => a.pathname)"):
                if path.startswith("/admin/") and not path.endswith(NOT_FOLLOWED):
                    waiting.setdefault(shape(path), path)
        browser.close()
    lists = {f"/admin/{name}/" for name in LISTS}
    assert lists <= showing, f"{lists - showing} show no script at all"


def shape(path):
    """What pages of one kind share: their path without ids."""
    return re.sub(r"[^/]*\d[^/]*", "N", path)

"""Signing in with an OpenID Connect provider: the whole code flow, with allauth's provider."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.live import live_gateway
from tests.support.plain_http import PLAIN_HTTP
from tests.support.stores import BACKINGS

pytestmark = pytest.mark.acceptance

MAKE_OWNER = (
    "from accounts.models import User; "
    "User.objects.get_or_create(username='owner', email='owner@example.com')"
)


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory, provider):
    environment = {
        "OIDC_NEW_USERS": "active",
        "OIDC_GROUP_MAPPING": '{"ml": "research"}',
        "OIDC_STAFF_GROUPS": "gateway-staff",
        "OIDC_SUPERUSER_GROUPS": "gateway-admins",
    }
    directory = tmp_path_factory.mktemp("gateway")
    with live_gateway(
        stores, BACKINGS[0], directory, **provider.environment | environment
    ) as gateway:
        provider.accept(gateway.url)
        gateway.configure(groups=[{"name": "research", "users": []}])
        yield gateway


def test_a_member_of_the_admins_group_gets_to_the_page_they_wanted(gateway, provider, browser):
    provider.person("ada", email="ada@example.com", groups=["gateway-admins"])
    answer = browser.sign_in(provider, "ada", "/accounts/oidc/login/?next=/admin/accounts/user/")
    assert answer.headers["location"] == "/admin/accounts/user/"
    assert "ada@example.com" in browser.get("/admin/accounts/user/").text


def test_the_request_to_the_provider_has_state_nonce_and_pkce(gateway, provider, browser):
    there = browser.post("/accounts/oidc/login/?scope=admin&auth_params=prompt%3Dnone")
    query = parse_qs(urlsplit(there.headers["location"]).query)
    assert query["state"]
    assert query["nonce"]
    assert query["code_challenge_method"] == ["S256"]
    assert set(query["scope"][0].split()) == {"openid", "email", "profile"}
    assert "prompt" not in query


def users_named(gateway, name):
    """The users of that name: who they are, their groups and identities."""
    script = (
        "import json; from accounts.models import User; print(json.dumps([{"
        "'name': u.username, 'email': u.email, 'is_staff': u.is_staff, 'is_active': u.is_active,"
        "'groups': sorted(u.groups.values_list('name', flat=True)),"
        "'identities': [list(i) for i in u.socialaccount_set.values_list('provider', 'uid')],"
        "'tokens': u.oauth_tokens.count()}"
        f" for u in User.objects.filter(username__startswith='{name}')]))"
    )
    return json.loads(gateway.manage("shell", "-v0", "-c", script).stdout)


def test_an_identity_is_issuer_and_subject(gateway, provider, browser):
    subject = provider.person("bea", email="bea@example.com")
    browser.sign_in(provider, "bea")
    provider.person("bea", email="other@example.com")
    browser.sign_in(provider, "bea")
    [user] = users_named(gateway, "bea")
    assert user["identities"] == [[provider.url, subject]]


def test_an_unverified_address_links_nobody_and_is_not_stored(gateway, provider, browser):
    gateway.manage("shell", "-c", MAKE_OWNER)
    provider.person("mallory", email="owner@example.com", is_verified=False)
    assert browser.sign_in(provider, "mallory").status_code == 302
    [mallory] = users_named(gateway, "mallory")
    assert mallory["email"] == ""
    [owner] = users_named(gateway, "owner")
    assert owner["identities"] == []


def test_a_verified_address_of_somebody_else_is_refused(gateway, provider, browser):
    gateway.manage("shell", "-c", MAKE_OWNER)
    provider.person("second-owner", email="Owner@example.com")
    answer = browser.sign_in(provider, "second-owner")
    assert answer.status_code == 403
    assert "an account with your address already" in answer.text
    assert users_named(gateway, "second-owner") == []


def test_a_name_that_is_taken_is_not_taken_over(gateway, provider, browser):
    subject = provider.person("owner", email="new-owner@example.com")
    gateway.manage("shell", "-c", MAKE_OWNER)
    browser.sign_in(provider, "owner")
    identity = [provider.url, subject]
    [user] = [user for user in users_named(gateway, "") if identity in user["identities"]]
    assert user["name"] != "owner"


def test_groups_and_role_follow_the_claim_at_each_sign_in(gateway, provider, browser):
    provider.person("eve", groups=["ml", "gateway-staff"])
    browser.sign_in(provider, "eve")
    [before] = users_named(gateway, "eve")
    provider.person("eve", groups=["other"])
    browser.sign_in(provider, "eve")
    [after] = users_named(gateway, "eve")
    assert (before["groups"], before["is_staff"]) == (["research"], True)
    assert (after["groups"], after["is_staff"]) == ([], False)


def test_a_demoted_admin_loses_the_admin_at_once(gateway, provider, browser):
    provider.person("dan", groups=["gateway-admins"])
    browser.sign_in(provider, "dan")
    assert browser.get("/admin/").status_code == 200
    gateway.manage(
        "shell",
        "-c",
        "from accounts.models import User; "
        "User.objects.filter(username='dan').update(is_staff=False)",
    )
    assert browser.get("/admin/").status_code == 302


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "javascript:1"])
def test_the_way_back_stays_on_the_gateway(provider, browser, target):
    provider.person("fay")
    answer = browser.sign_in(provider, "fay", f"/accounts/oidc/login/?next={target}")
    assert answer.headers["location"] == "/"


def test_an_answer_serves_once(provider, browser):
    provider.person("gil")
    back = browser.begin(provider, "gil")
    assert browser.get(back).status_code == 302
    browser.http.cookies.delete("sessionid")
    assert browser.get(back).status_code == 401


def test_an_answer_to_another_browser_is_refused(gateway, provider, browser):
    provider.person("hal")
    back = browser.begin(provider, "hal")
    with httpx.Client(**PLAIN_HTTP) as victim:
        assert victim.get(back).status_code == 401


def test_a_code_for_another_sign_in_of_the_same_browser_is_refused(provider, browser):
    """Its PKCE verifier and nonce are those of the other."""
    provider.person("ida")
    first, second = (browser.begin(provider, "ida") for _ in range(2))
    state = parse_qs(urlsplit(first).query)["state"][0]
    code = parse_qs(urlsplit(second).query)["code"][0]
    answer = browser.get(f"/accounts/oidc/callback/?code={code}&state={state}")
    assert answer.status_code == 401


def test_a_sign_in_begins_with_a_form_of_ours_only(browser):
    assert browser.get("/accounts/oidc/login/").status_code == 200
    answer = browser.http.post("/accounts/oidc/login/", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


INVITATION = "/accounts/invitation/"


def invited_link(gateway, address):
    return urlsplit(gateway.manage("invite_user", address).stdout.strip()).path


def test_an_invitation_is_taken_up_by_a_sign_in_that_begins_on_its_page(gateway, provider, browser):
    subject = provider.person("kim", email="kim@elsewhere.example")
    browser.get(invited_link(gateway, "kim-invited@example.com"))
    page = browser.get(INVITATION).text
    action = re.search(r'action="(/accounts/oidc/login/[^"]*)"', page)[1].replace("&amp;", "&")
    browser.http.get(f"{provider.url}/test/be/kim").raise_for_status()
    there = browser.post(action, page=INVITATION).headers["location"]
    browser.get(browser.get(there).headers["location"])
    [user] = users_named(gateway, "kim-invited")
    assert user["identities"] == [[provider.url, subject]]


def test_the_next_person_at_the_browser_does_not_take_an_invitation_up(gateway, provider, browser):
    # By the button of the page of signing in, and by a link that never met that page.
    for name, page in (("lou", "/accounts/oidc/login/"), ("mia", INVITATION)):
        browser.get(invited_link(gateway, "max-invited@example.com"))
        provider.person(name, email=f"{name}@elsewhere.example")
        browser.http.get(f"{provider.url}/test/be/{name}").raise_for_status()
        there = browser.post("/accounts/oidc/login/?process=login", page=page)
        browser.get(browser.get(there.headers["location"]).headers["location"])
        assert users_named(gateway, "max-invited")[0]["identities"] == []
        browser.post("/accounts/logout/", page="/accounts/logout/")


def test_signing_out_takes_the_token_along(gateway, provider, browser):
    provider.person("jon")
    browser.sign_in(provider, "jon")
    assert users_named(gateway, "jon")[0]["tokens"] == 1
    browser.post("/accounts/logout/", page="/accounts/logout/")
    assert users_named(gateway, "jon")[0]["tokens"] == 0


def test_no_page_of_signing_in_needs_anything_inline(browser):
    page = browser.get("/accounts/login/")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "Sign in with Loopback ID" in page.text
    assert " style=" not in page.text
    assert " on" + "click=" not in page.text

"""Sign-ins with a provider on loopback that says who somebody is in every way providers do.

The gateway is in this process, so that each test may have settings of its own.
"""

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from tests.support.oidc.provider import CLIENT_ID, CLIENT_SECRET, oidc_provider
from tests.support.plain_http import PLAIN_HTTP

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db]

GATEWAY = "http://testserver"
NOTHING = {"preferred_username": None, "email": None}


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    with oidc_provider(tmp_path_factory.mktemp("provider")) as provider:
        provider.accept(GATEWAY)
        yield provider


@pytest.fixture(autouse=True)
def _gateway(settings, provider):
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = provider.url, CLIENT_ID
    settings.OIDC_NEW_USERS = "active"
    settings.OIDC_GROUP_MAPPING = {"ml": "research", "/team/ops": "operations"}
    settings.OIDC_STAFF_GROUPS = ["gateway-staff"]
    app = {
        "provider_id": provider.url,
        "name": "Loopback ID",
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "settings": {"server_url": provider.url, "scope": ["openid", "email", "profile"]},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"oidc": {"APPS": [app]}}


def sign_in(provider, name):
    """The whole way by a new browser; the browser as the gateway knows it, and the last answer."""
    browser = Client()
    there = browser.post("/accounts/oidc/login/")["location"]
    with httpx.Client(base_url=provider.url, **PLAIN_HTTP) as elsewhere:
        elsewhere.get(f"/test/be/{name}").raise_for_status()
        back = elsewhere.get(there).headers["location"]
    return browser, browser.get(back)


def who(user_name):
    user = User.objects.get(username=user_name)
    return set(user.groups.values_list("name", flat=True)), user.is_staff


@pytest.mark.parametrize(
    ("source", "claim", "value", "nothing"),
    [
        ("id_token", "groups", ["ml", "/team/ops", "gateway-staff"], []),
        ("userinfo", "groups", {"ml": {}, "team/ops": {"org": 1}, "gateway-staff": True}, {}),
        ("id_token", "groups", "ml team/ops gateway-staff", ""),
        ("userinfo", "groups", "ml, /team/ops, gateway-staff", "other"),
        (
            "id_token",
            "groups",
            [{"name": n} for n in ("ml", "/team/ops", "gateway-staff")],
            [{"name": "x"}],
        ),
        (
            "userinfo",
            "groups",
            [{"displayName": n} for n in ("ml", "team/ops", "gateway-staff")],
            [],
        ),
        ("id_token", "https://acme.example/groups", ["ml", "team/ops", "gateway-staff"], []),
    ],
    ids=str,
)
def test_groups_and_role_come_and_go(provider, settings, source, claim, value, nothing):
    settings.OIDC_GROUPS_CLAIM = settings.OIDC_ROLES_CLAIM = claim
    seen = []
    for said in (value, nothing):
        provider.person("ada", **{source: {claim: said}})
        assert sign_in(provider, "ada")[1].status_code == 302
        seen.append(who("ada"))
    assert seen == [({"research", "operations"}, True), (set(), False)]


def test_groups_and_roles_may_lie_deep_in_different_claims(provider, settings):
    settings.OIDC_GROUPS_CLAIM = "realm_access.roles"
    settings.OIDC_ROLES_CLAIM = "resource_access.gate.house.roles"
    provider.person(
        "ben",
        id_token={"realm_access": {"roles": ["ml"]}},
        userinfo={"resource_access": {"gate.house": {"roles": ["gateway-staff"]}}},
    )
    sign_in(provider, "ben")
    assert who("ben") == ({"research"}, True)


@pytest.mark.parametrize(
    "said", [{}, {"groups": None}, {"groups": 7}, {"_claim_names": {"groups": "src1"}}], ids=str
)
def test_what_the_provider_does_not_say_takes_nothing_away(provider, caplog, said):
    provider.person("cy", groups=["ml", "gateway-staff"])
    sign_in(provider, "cy")
    provider.person("cy", id_token=said, userinfo={})
    sign_in(provider, "cy")
    assert who("cy") == ({"research"}, True)
    assert "The claim groups of user cy cannot be read" in caplog.text


def test_a_provider_without_user_info_tells_all_in_the_id_token(provider):
    said = {"groups": ["ml"], "email": "dee@acme.example", "email_verified": "true"}
    provider.person("dee", userinfo={}, id_token=said)
    with provider.documented(userinfo_endpoint=None, jwks_uri=None):
        sign_in(provider, "dee")
    assert who("dee") == ({"research"}, False)
    assert User.objects.get(username="dee").email == "dee@acme.example"


@pytest.mark.parametrize("verified", ["false", False, None, 1, "maybe"])
def test_an_address_that_is_not_vouched_for_is_not_stored(provider, verified):
    said = {"email": "boss@acme.example", "email_verified": verified}
    provider.person("eli", userinfo=said, id_token={})
    sign_in(provider, "eli")
    assert User.objects.get(username="eli").email == ""


@pytest.mark.parametrize(
    ("said", "name", "full_name"),
    [
        ({"preferred_username": "张伟"}, "张伟", ""),
        ({"preferred_username": "हिन्दी"}, "हिन्दी", ""),
        ({"preferred_username": "fay@acme.example"}, "fay@acme.example", ""),
        ({"email": "fay.b@acme.example"}, "fay.b", ""),
        ({"name": "Ольга Петрова"}, "Ольга-Петрова", "Ольга Петрова"),
        ({"preferred_username": {"x": 1}, "name": ["x"], "nickname": "Fay"}, "Fay", ""),
        ({"preferred_username": "OWNER"}, "OWNER-2", ""),
    ],
    ids=str,
)
def test_a_new_person_gets_a_name_that_can_be_read(provider, said, name, full_name):
    User.objects.create(username="owner")
    provider.person("fay", userinfo=NOTHING | said, id_token=NOTHING)
    sign_in(provider, "fay")
    assert User.objects.get(username=name).get_full_name() == full_name


def test_settings_say_which_claims_name_somebody(provider, settings):
    settings.OIDC_USERNAME_CLAIM, settings.OIDC_DISPLAY_NAME_CLAIM = "acme.login", "acme.full"
    provider.person("gus", id_token={"acme": {"login": "gus7", "full": "Gus Grey"}}, userinfo={})
    sign_in(provider, "gus")
    assert User.objects.get(username="gus7").get_full_name() == "Gus Grey"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"exp": 1}, "it has expired"),
        ({"aud": "canary"}, "it is for another audience"),
        ({"iss": "https://canary.example"}, "it is of another issuer"),
        ({"azp": "canary"}, "it is for another client"),
        ({"nonce": "canary"}, "the ID token was made for another sign-in"),
        ({"sub": "canary"}, "the user info is that of somebody else"),
    ],
    ids=str,
)
def test_the_log_says_why_a_sign_in_fails(provider, caplog, said, why):
    provider.person("hal", id_token=said, userinfo={})
    assert sign_in(provider, "hal")[1].status_code == 401
    assert why in caplog.text
    assert "canary" not in caplog.text


def test_signing_out_ends_the_session_at_the_provider(provider):
    provider.person("ivy")
    browser, _ = sign_in(provider, "ivy")
    assert "eyJ" not in str(dict(browser.session))
    away = browser.post("/accounts/logout/")["location"]
    query = parse_qs(urlsplit(away).query)
    assert away.startswith(f"{provider.url}/identity/o/logout?")
    assert query["post_logout_redirect_uri"] == [f"{GATEWAY}/accounts/login/"]
    assert re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", query["id_token_hint"][0])
    assert "_auth_user_id" not in browser.session


def test_staff_sign_out_there_from_the_admin_too(provider):
    provider.person("jo", groups=["gateway-staff"])
    browser, _ = sign_in(provider, "jo")
    assert browser.post("/admin/logout/")["location"].startswith(provider.url)


@pytest.mark.parametrize("endpoint", [None, "http://id.example/logout", 7, "javascript:1"])
def test_without_a_safe_address_there_the_session_here_ends_alone(provider, endpoint):
    provider.person("kit")
    with provider.documented(end_session_endpoint=endpoint):
        browser, _ = sign_in(provider, "kit")
    assert browser.post("/accounts/logout/")["location"] == "/accounts/login/"
    assert "_auth_user_id" not in browser.session


def test_the_session_there_may_be_left_alone(provider, settings):
    settings.OIDC_SIGN_OUT = False
    provider.person("lea")
    browser, _ = sign_in(provider, "lea")
    assert browser.post("/accounts/logout/")["location"] == "/accounts/login/"


def test_who_signed_in_with_a_password_signs_out_here(provider, client):
    client.force_login(
        User.objects.create(username="max"), "accounts.sign_in.passwords.PasswordBackend"
    )
    assert client.post("/accounts/logout/")["location"] == "/accounts/login/"
    assert not Group.objects.exists()

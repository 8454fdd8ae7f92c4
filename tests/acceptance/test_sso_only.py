"""A gateway where people sign in with their provider alone, and new ones wait for an admin."""

import pytest

from tests.support.api import client_of
from tests.support.live import live_gateway
from tests.support.stores import BACKINGS

pytestmark = pytest.mark.acceptance

MAKE_ROOT = (
    "from accounts.models import User; User.objects.create_superuser('root', password='root-pass')"
)
ISSUE_KEY_FOR_LOU = (
    "from accounts.models import ApiKey, User; "
    "print(ApiKey.objects.issue(User.objects.get(username='lou'))[1])"
)


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory, provider):
    environment = {
        "GATEWAY_SSO_ONLY": "true",
        "OIDC_SUPERUSER_GROUPS": "gateway-admins",
    }
    directory = tmp_path_factory.mktemp("gateway")
    with live_gateway(
        stores, BACKINGS[0], directory, **provider.environment | environment
    ) as gateway:
        provider.accept(gateway.url)
        gateway.manage("shell", "-c", MAKE_ROOT)
        yield gateway


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/accounts/login/", 403),
        ("/admin/login/", 302),
        ("/accounts/reauthenticate/", 403),
        ("/accounts/password/change/", 403),
        ("/accounts/password/reset/", 404),
        ("/accounts/signup/", 404),
        ("/accounts/2fa/webauthn/login/", 404),
    ],
)
def test_no_path_takes_a_password(browser, path, status):
    form = {"login": "root", "username": "root", "password": "root-pass"}
    assert browser.post(path, **form).status_code == status
    assert "sessionid" not in browser.http.cookies
    assert browser.get("/admin/").status_code == 302


def test_the_page_offers_the_provider_alone(browser):
    page = browser.get("/accounts/login/").text
    assert "Sign in with Loopback ID" in page
    assert "password" not in page.lower()
    assert "passkey" not in page.lower()


def test_a_new_person_waits_until_an_admin_lets_them_in(gateway, provider, browser):
    provider.person("kim", groups=["gateway-admins"])
    waiting = browser.sign_in(provider, "kim")
    assert waiting.status_code == 403
    assert "Waiting for an administrator" in waiting.text
    assert browser.get("/admin/").status_code == 302
    gateway.manage(
        "shell",
        "-c",
        "from accounts.models import User; "
        "user = User.objects.get(username='kim'); user.is_active = True; user.save()",
    )
    assert browser.sign_in(provider, "kim").headers["location"] == "/"
    assert browser.get("/admin/").status_code == 200


def test_a_key_of_somebody_pending_works_for_nothing(gateway, provider, browser):
    provider.person("lou")
    browser.sign_in(provider, "lou")
    key = gateway.manage("shell", "-v0", "-c", ISSUE_KEY_FOR_LOU).stdout.strip()
    with client_of(gateway, key) as client:
        assert client.get("/v1/models").status_code == 401

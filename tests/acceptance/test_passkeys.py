"""A passkey, from setting it up to signing in with it alone, in a real browser under our policy."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, sync_playwright

pytestmark = pytest.mark.acceptance

MAKE_ROOT = (
    "from accounts.models import User; "
    "User.objects.create_superuser('root', password='root-pass-1')"
)
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@contextmanager
def page_with_authenticator(executable: str) -> Iterator[Page]:
    """A page of a browser that holds passkeys and confirms whatever it is asked to."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page()
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield page
        browser.close()


def confirm_password(page: Page) -> None:
    page.fill("#id_password", "root-pass-1")
    page.press("#id_password", "Enter")


def test_a_passkey_signs_in_without_a_password(start_gateway, chromium):
    gateway = start_gateway()
    gateway.manage("shell", "-c", MAKE_ROOT)
    site = f"http://localhost:{gateway.port}"  # an address is no name that a passkey can be for
    with page_with_authenticator(chromium.address) as page:
        page.goto(f"{site}/accounts/login/")
        page.fill("#id_login", "root")
        confirm_password(page)
        page.wait_for_url(f"{site}/")
        page.goto(f"{site}/accounts/2fa/webauthn/add/")
        confirm_password(page)
        page.check("#id_passwordless")
        page.click("#mfa_webauthn_add")
        page.wait_for_url(f"{site}/accounts/2fa/recovery-codes/")

        page.context.clear_cookies()
        page.goto(f"{site}/accounts/login/?next=/admin/accounts/user/")
        page.click("#passkey_login")
        page.wait_for_url(f"{site}/admin/accounts/user/")

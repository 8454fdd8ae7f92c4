"""With DEBUG, a gateway is there for its own machine alone, and its pages tell no secret."""

import subprocess
import sys

import pytest

from tests.security.signing_in import browser
from tests.support.environment import ROOT, clean_environment
from tests.support.processes import free_port

pytestmark = pytest.mark.acceptance

CANARY = "canary-77aa01"


def manage(tmp_path, *arguments, **values):
    environment = clean_environment(DATA_DIR=str(tmp_path), DEBUG="true", **values)
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("hosts", ["gw.example", "*", ".example", "localhost,192.0.2.1", "0.0.0.0"])
def test_debug_is_refused_for_other_hosts(tmp_path, hosts):
    done = manage(tmp_path, "check", ALLOWED_HOSTS=hosts)
    assert done.returncode != 0
    assert "DEBUG is on although ALLOWED_HOSTS names" in done.stderr


def test_what_is_no_host_is_not_repeated(tmp_path):
    done = manage(tmp_path, "check", ALLOWED_HOSTS=f"https://user:{CANARY}@host")
    assert done.returncode != 0
    assert "Item 1 of ALLOWED_HOSTS" in done.stderr
    assert CANARY not in done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", ""])
def test_debug_listens_on_no_other_address(tmp_path, host):
    done = manage(tmp_path, "serve", "--host", host, "--port", str(free_port()))
    assert done.returncode != 0
    assert "DEBUG is on, so the gateway does not listen" in done.stderr


def test_debug_is_fine_on_this_machine(tmp_path):
    hosts = "localhost,127.0.0.1,[::1],gw.localhost,127.0.0.2"
    assert manage(tmp_path, "check", ALLOWED_HOSTS=hosts).returncode == 0


def test_a_page_of_a_running_gateway_tells_no_secret(start_gateway):
    gateway = start_gateway(
        DEBUG="true",
        GATEWAY_UPSTREAM_PROXY=f"http://user:{CANARY}@127.0.0.1:1",
        OPENAI_API_BASE_URLS=f"http://user:{CANARY}@127.0.0.1:1/v1",
        OIDC_CLIENT_SECRET=CANARY,
    )
    with browser(gateway, Cookie=f"sessionid={CANARY}") as client:
        missing = client.get("/no-such-page")
        client.headers["X-Api-Key"] = CANARY
        refused = client.post(f"/accounts/login/?api-key={CANARY}", data={"password": CANARY})
        failed = client.get("/accounts/login/", headers={"Host": "evil.example"})
    assert "DEBUG = True" in missing.text
    for page in (missing, refused, failed):
        assert CANARY not in page.text

"""Strangers guess seldom, and keep nobody out."""

import base64
import hmac
import json
import struct
import time
from itertools import count

import pytest

from accounts.sign_in.browsers import COOKIE_NAME
from tests.security.signing_in import browser, sign_in
from tests.support.live import TWO_WORKERS, live_gateway
from tests.support.stores import BACKINGS

pytestmark = pytest.mark.acceptance

PASSWORD = "right-pass-1"
MAKE = (
    "from accounts.models import User\n"
    "for name in {names}: User.objects.create_user(name, password='" + PASSWORD + "')"
)
_names = count(1)
_addresses = count(1)


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory):
    """Behind one proxy, which writes down whom it serves."""
    directory = tmp_path_factory.mktemp("limits")
    environment = {"GATEWAY_TRUSTED_PROXIES": "1"}
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        yield gateway


@pytest.fixture
def person(gateway):
    """The name of somebody new."""
    name = f"person-{next(_names)}"
    gateway.manage("shell", "--command", MAKE.format(names=[name]))
    return name


@pytest.fixture
def address():
    return new_address()


def new_address():
    number = next(_addresses)
    return f"198.51.{number // 250}.{number % 250 + 1}"


def at(gateway, address, forged=""):
    """A browser that the proxy says to be at ``address``; it sends ``forged`` itself."""
    return browser(gateway, X_Forwarded_For=f"{forged}, {address}" if forged else address)


def failures(client, name, number):
    return [sign_in(client, name, "wrong").status_code for _ in range(number)]


def test_a_guess_too_many_gets_429_and_when_to_come_again(gateway, person, address):
    with at(gateway, address) as client:
        assert failures(client, person, 5) == [200] * 5
        refused = sign_in(client, person, PASSWORD)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 300
    assert "Too many failed login attempts" in refused.text
    assert "<form" in refused.text


def test_a_stranger_keeps_nobody_out_who_is_elsewhere(gateway, person, address):
    with at(gateway, address) as stranger, at(gateway, new_address()) as client:
        assert 429 in failures(stranger, person, 8)
        assert sign_in(client, person, PASSWORD).status_code == 302


@pytest.mark.parametrize(
    "spelling", [str.upper, " {} ".format, lambda name: name.replace("p", "ｐ")]
)
def test_another_spelling_is_the_same_name(gateway, person, address, spelling):
    with at(gateway, address) as client:
        failures(client, person, 5)
        assert sign_in(client, spelling(person), "wrong").status_code == 429


def test_a_known_browser_gets_in_although_its_address_is_used_up(gateway, person, address):
    with at(gateway, address) as client, at(gateway, address) as stranger:
        assert sign_in(client, person, PASSWORD).status_code == 302
        cookie = client.cookies[COOKIE_NAME]
        assert [failures(stranger, f"name-{n}", 1) for n in range(12)][-1] == [429]
        failures(stranger, person, 6)
        client.cookies.clear()
        client.cookies.set(COOKIE_NAME, cookie)
        assert sign_in(client, person, PASSWORD).status_code == 302


def test_a_known_browser_has_no_more_guesses_than_others(gateway, person, address):
    with at(gateway, address) as client:
        sign_in(client, person, PASSWORD)
        cookie = client.cookies[COOKIE_NAME]
        client.cookies.clear()
        client.cookies.set(COOKIE_NAME, cookie)
        assert failures(client, person, 6) == [200] * 5 + [429]
        other = new_address()
        client.headers["X-Forwarded-For"] = other
        assert failures(client, person, 1) == [429]


def test_a_browser_is_known_to_one_name_and_cannot_be_made_up(gateway, person, address):
    with at(gateway, address) as client:
        sign_in(client, person, PASSWORD)
        cookie = client.cookies[COOKIE_NAME]
    for made_up in (cookie, cookie[:-1] + "x", "x", "", '{"id": "x", "people": []}'):
        other = new_address()
        with at(gateway, other) as stranger:
            stranger.cookies.set(COOKIE_NAME, made_up)
            assert failures(stranger, "somebody", 6) == [200] * 5 + [429]


def test_a_wrong_password_makes_no_browser_known(gateway, person, address):
    with at(gateway, address) as client:
        failures(client, person, 1)
        assert COOKIE_NAME not in client.cookies


def test_an_address_cannot_be_made_up(gateway, address):
    statuses = []
    for number in range(12):
        with at(gateway, address, forged=new_address()) as client:
            statuses += failures(client, f"victim-{number}", 1)
    assert statuses == [200] * 10 + [429] * 2


@pytest.mark.parametrize("header", ["X_Forwarded_For", "X-Real-IP", "Forwarded", "True-Client-IP"])
def test_no_other_header_tells_an_address(gateway, address, header):
    statuses = []
    for number in range(11):
        with at(gateway, address) as client:
            client.headers[header] = new_address()
            statuses += failures(client, f"{header}-{number}", 1)
    assert statuses[-1] == 429


def test_names_that_strangers_attack_from_everywhere_wait_and_are_not_locked(gateway, person):
    for _ in range(10):
        with at(gateway, new_address()) as stranger:
            assert failures(stranger, person, 5) == [200] * 5
    with at(gateway, new_address()) as stranger:
        assert failures(stranger, person, 2) == [200, 429]
    with at(gateway, new_address()) as client:
        assert sign_in(client, person, PASSWORD).status_code == 302


def test_good_sign_ins_are_no_failures(gateway, person, address):
    for _ in range(7):
        with at(gateway, address) as client:
            assert sign_in(client, person, PASSWORD).status_code == 302


def test_all_workers_count_together(start_gateway):
    """With Redis; a worker of its own for each would allow twice as many guesses."""
    gateway = start_gateway(BACKINGS[1], *TWO_WORKERS, GATEWAY_TRUSTED_PROXIES="1")
    statuses = []
    for _ in range(6):  # each on a connection of its own
        with at(gateway, "192.0.2.1") as client:
            statuses += failures(client, "somebody", 1)
    assert statuses == [200] * 5 + [429]


def test_fewer_addresses_than_proxies_are_no_fault(start_gateway):
    gateway = start_gateway(GATEWAY_TRUSTED_PROXIES="3")
    for forwarded in ("192.0.2.1", "", "x, y", "a,b,c,d", "192.0.2.1, 192.0.2.2"):
        with browser(gateway, X_Forwarded_For=forwarded) as client:
            assert sign_in(client, f"n-{forwarded}", "wrong").status_code == 200


def totp(secret):
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    return f"{int.from_bytes(digest[offset : offset + 4]) % 2**31 % 10**6:06}"


ADD_TOTP = (
    "from accounts.models import User\n"
    "from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret\n"
    "import json; s = generate_totp_secret()\n"
    "TOTP.activate(User.objects.get(username={name!r}), s); print(json.dumps(s))"
)


def give_code(client, code):
    page = client.get("/accounts/2fa/authenticate/")
    assert page.status_code == 200
    form = {"code": code, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    headers = {"Referer": f"{client.base_url}/accounts/2fa/authenticate/"}
    return client.post("/accounts/2fa/authenticate/", data=form, headers=headers)


def test_codes_are_guessed_seldom_from_anywhere_and_known_browsers_stay_free(gateway, person):
    with at(gateway, new_address()) as client:
        assert sign_in(client, person, PASSWORD).status_code == 302
        cookie = client.cookies[COOKIE_NAME]
    added = gateway.manage("shell", "--no-imports", "--command", ADD_TOTP.format(name=person))
    secret = json.loads(added.stdout.splitlines()[-1])
    statuses = []
    for _ in range(6):  # each from an address of its own
        with at(gateway, new_address()) as thief:
            assert sign_in(thief, person, PASSWORD).status_code == 302
            refused = give_code(thief, "000000")
            statuses.append(refused.status_code)
    assert statuses == [200] * 5 + [429]
    assert 1 <= int(refused.headers["Retry-After"]) <= 300
    with at(gateway, new_address()) as client:
        client.cookies.set(COOKIE_NAME, cookie)
        assert sign_in(client, person, PASSWORD).status_code == 302
        assert give_code(client, totp(secret)).status_code == 302

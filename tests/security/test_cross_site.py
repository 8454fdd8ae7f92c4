"""What another site's page can make a browser send counts for nothing without a key of ours."""

import pytest
from websockets.exceptions import InvalidStatus

from tests.proxy.workers.live.conftest import signed_in
from tests.security.routes import METHODS, routes_of
from tests.support.sockets import open_socket

pytestmark = pytest.mark.acceptance

FOREIGN = "https://evil.example"
SOCKETS = ("/v1/chat/completions", "/v1/realtime?model=open", "/v1/responses")


@pytest.fixture(scope="module")
def session(gateway, keys):
    """The cookie of a browser in which ``root`` has signed in."""
    return f"sessionid={signed_in(gateway, 'root')}"


@pytest.fixture
def browser(nobody, session):
    nobody.headers["Cookie"] = session
    return nobody


def test_the_session_is_good_for_the_admin(browser):
    assert browser.get("/admin/").status_code == 200


def test_no_route_of_the_api_takes_a_session_for_a_key(browser):
    for route in routes_of("gateway_project.api_urls"):
        for method in METHODS:
            answer = browser.request(method, route.path, json={})
            assert answer.status_code == (401 if method in route.methods else 405)


@pytest.mark.parametrize("origin", [FOREIGN, None])
@pytest.mark.parametrize("path", SOCKETS)
def test_no_socket_of_the_api_takes_a_session_for_a_key(gateway, session, path, origin):
    headers = {"Cookie": session, "Origin": origin or gateway.url}
    with (
        pytest.raises(InvalidStatus) as refused,
        open_socket(gateway, path=path, additional_headers=headers),
    ):
        pass
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("headers", [{"Origin": FOREIGN}, {"Origin": "null"}, {}])
@pytest.mark.parametrize("path", ["/accounts/logout/", "/admin/logout/"])
def test_a_form_of_another_site_does_nothing(browser, path, headers):
    token = "a" * 32
    browser.headers["Cookie"] += f"; csrftoken={token}"
    form = {"csrfmiddlewaretoken": token} if headers else {}
    assert browser.post(path, data=form, headers=headers).status_code == 403
    assert browser.get("/admin/").status_code == 200


def test_no_answer_of_the_api_invites_the_page_of_another_site(alice):
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": FOREIGN, "Access-Control-Request-Method": "GET"}
        answer = alice.request(method, "/v1/models", headers=headers)
        assert not [name for name in answer.headers if name.startswith("access-control-")]

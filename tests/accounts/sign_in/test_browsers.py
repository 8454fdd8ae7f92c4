"""Browsers that are known by a signed cookie."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.sign_in.browsers import COOKIE_NAME, MOST_PEOPLE, browser_of, remember


def a_request(cookie=None):
    request = RequestFactory().get("/")
    if cookie is not None:
        request.COOKIES[COOKIE_NAME] = cookie
    return request


def remembered(*names, cookie=None):
    """The cookie of a browser with which ``names`` have signed in, the last one last."""
    for name in names:
        response = HttpResponse()
        remember(a_request(cookie), response, name)
        cookie = response.cookies[COOKIE_NAME].value
    return cookie


def test_a_browser_knows_who_signed_in_with_it():
    browser = browser_of(a_request(remembered("ada", "bob")))
    assert browser.knows("ada")
    assert browser.knows("bob")
    assert not browser.knows("eve")


def test_a_browser_keeps_its_id():
    first = remembered("ada")
    again = remembered("bob", cookie=first)
    assert browser_of(a_request(first)).id == browser_of(a_request(again)).id


def test_a_browser_forgets_who_was_there_first():
    names = [f"person {number}" for number in range(MOST_PEOPLE + 1)]
    browser = browser_of(a_request(remembered(*names)))
    assert [browser.knows(name) for name in names] == [False] + [True] * MOST_PEOPLE


@pytest.mark.parametrize("change", [lambda text: "", lambda text: text + "x", str.swapcase])
def test_a_cookie_that_was_not_made_here_is_none(change):
    assert browser_of(a_request(change(remembered("ada")))) is None
    assert browser_of(a_request()) is None


def test_the_cookie_names_nobody_and_no_script_reads_it(settings):
    settings.SESSION_COOKIE_SECURE = True
    response = HttpResponse()
    remember(a_request(), response, "ada-lovelace")
    cookie = response.cookies[COOKIE_NAME]
    assert "ada-lovelace" not in cookie.value
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")

"""Whose tries of a password are counted together."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.sign_in import limits
from accounts.sign_in.browsers import COOKIE_NAME, remember
from accounts.sign_in.limits import FAILED, normalized, take_password_try


@pytest.fixture(autouse=True)
def _no_tries():
    cache.clear()
    yield
    cache.clear()


def a_request(address="192.0.2.1", known=()):
    request = RequestFactory().post("/", REMOTE_ADDR=address)
    request.user = AnonymousUser()
    for name in known:
        response = HttpResponse()
        remember(request, response, name)
        request.COOKIES[COOKIE_NAME] = response.cookies[COOKIE_NAME].value
    return request


def fail(name="ada", times=FAILED.amount, **source):
    for _ in range(times):
        take_password_try(a_request(**source), name)


def test_failures_are_counted_for_a_name_and_an_address():
    fail()
    request = a_request()
    with pytest.raises(ValidationError):
        take_password_try(request, "ada")
    assert request.retry_after_seconds > 0
    fail("bob", times=1)
    fail(address="198.51.100.1", times=1)


def test_a_name_is_the_same_however_it_is_typed():
    assert normalized(" ADA ") == normalized("ada") == normalized("ａｄａ")
    fail("Ada")
    with pytest.raises(ValidationError):
        take_password_try(a_request(), " ada")


def test_a_try_that_is_given_back_counts_no_more():
    for _ in range(FAILED.amount + 1):
        take_password_try(a_request(), "ada").give_back()


def test_a_known_browser_is_kept_out_by_nobody_else():
    fail()
    fail(known=["ada"])
    with pytest.raises(ValidationError):
        take_password_try(a_request(known=["bob"]), "ada")


def test_a_name_under_attack_has_one_try_for_each_address(monkeypatch):
    monkeypatch.setattr(limits, "ATTACK", limits.Limit(amount=1, seconds=3600))
    fail(times=1)
    fail(times=1, address="198.51.100.1")
    with pytest.raises(ValidationError):
        take_password_try(a_request("198.51.100.1"), "ada")

"""Errors look as the other pages do for browsers, and stay JSON for clients of the API."""

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path, reverse

from gateway_project.unstorable_numbers import RefuseUnstorableNumbers
from gateway_project.urls import handler500  # noqa: F401  Django looks for it beside `urlpatterns`
from gateway_project.urls import urlpatterns as known
from proxy.client_side.handler import ApiHandler
from tests.support.asgi import AsgiClient

TITLES = {
    400: "Bad request",
    403: "Not allowed",
    404: "Page not found",
    500: "Something went wrong",
}
CAUSES = {
    400: SuspiciousOperation,
    403: PermissionDenied,
    404: Http404,
    500: RuntimeError,
}


def fail(request, status):
    raise CAUSES[status]("a secret of the inside" if status != 403 else "")


urlpatterns = [*known, path("fail/<int:status>/", fail)]


@pytest.fixture
def browser(db):
    return Client(raise_request_exception=False)


@pytest.mark.urls("tests.gateway_project.test_error_pages")
@pytest.mark.parametrize("status", CAUSES)
def test_an_error_has_a_page_in_the_look_of_the_others(browser, status):
    answer = browser.get(f"/fail/{status}/")
    page = answer.content.decode()
    assert answer.status_code == status
    assert f"<title>{TITLES[status]} | Gatehouse</title>" in page
    assert "accounts/sign_in" in page
    assert "<main>" in page
    assert 'href="/"' in page
    assert "a secret of the inside" not in page


@pytest.mark.urls("tests.gateway_project.test_error_pages")
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("status", CAUSES)
def test_an_error_keeps_the_colours_that_were_chosen(browser, status, theme):
    browser.cookies["portal_theme"] = theme
    page = browser.get(f"/fail/{status}/").content.decode()
    assert f'<html lang="en" data-theme="{theme}"' in page


@pytest.mark.urls("tests.gateway_project.test_error_pages")
@pytest.mark.parametrize("status", CAUSES)
def test_a_cookie_that_is_no_theme_is_not_repeated(browser, status):
    browser.cookies["portal_theme"] = '"><script>'
    page = browser.get(f"/fail/{status}/").content.decode()
    assert "data-theme" not in page
    assert "<script>" not in page


@pytest.mark.urls("tests.gateway_project.test_error_pages")
def test_the_page_of_a_failure_asks_the_database_nothing(browser, django_assert_num_queries):
    browser.cookies["portal_theme"] = "dark"
    browser.cookies["sessionid"] = "of-somebody"
    with django_assert_num_queries(0):
        browser.get("/fail/500/")


def test_a_page_that_is_nowhere_says_so(browser):
    assert "There is no page at this address." in browser.get("/nowhere").content.decode()


def test_somebody_signed_in_finds_the_way_back(admin_client):
    page = admin_client.get("/admin/nowhere/").content.decode()
    assert "Page not found" in page
    assert ">Admin</a>" in page


def test_a_host_that_is_not_served_gets_a_page(browser, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    answer = browser.get("/accounts/login/", headers={"host": "evil.example"})
    assert (answer.status_code, "Bad request" in answer.content.decode()) == (400, True)
    assert "evil" not in answer.content.decode()


def test_a_form_without_its_token_is_told_what_to_do(db):
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert answer.status_code == 403
    assert "reload the page" in answer.content.decode()


async def test_a_path_of_the_api_that_is_nowhere_is_json():
    client = await AsgiClient("GET", "/v1/nowhere").through(ApiHandler())
    assert client.status == 404
    assert client.headers["content-type"] == "application/json"


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["accounts_apikey", "models_registry_modelgrant"])
def test_a_number_beyond_those_of_the_database_is_no_failure(admin_client: Client, page: str):
    field = "user_id" if page == "accounts_apikey" else "group_id"
    answer = admin_client.get(reverse(f"admin:{page}_changelist"), {field: "9" * 40})
    assert answer.status_code < 500


def test_another_overflow_stays_a_failure(rf: RequestFactory):
    middleware = RefuseUnstorableNumbers(lambda request: HttpResponse())
    assert middleware.process_exception(rf.get("/"), OverflowError("math range error")) is None

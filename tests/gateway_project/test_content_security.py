"""What a browser may load on our pages."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from gateway_project.content_security import HEADER, ContentSecurityPolicy


def test_nothing_inline_outside_the_admin():
    policy = Client().get("/").headers[HEADER]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_the_admin_may_have_inline_styles_and_nothing_foreign(admin_client):
    policy = admin_client.get("/admin/").headers[HEADER]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "http" not in policy


def test_a_page_with_a_policy_of_its_own_keeps_it():
    own = ContentSecurityPolicy(lambda _request: HttpResponse(headers={HEADER: "sandbox"}))
    assert own(RequestFactory().get("/")).headers[HEADER] == "sandbox"


def test_forms_may_lead_to_the_provider(settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:8080/realms/main"
    answer = ContentSecurityPolicy(lambda _request: HttpResponse())(RequestFactory().get("/"))
    assert "form-action 'self' https: http://127.0.0.1:8080;" in answer.headers[HEADER]

"""The page, and what its script asks for, by whom."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import clear_script_prefix, reverse, set_script_prefix

from accounts.models import ApiKey, User
from accounts.playground_tokens import MOST_AT_ONCE
from tests.support.environment import ROOT

pytestmark = pytest.mark.django_db

TOKEN = "/portal/playground-token"
OF_SCRIPT = ("/portal/playground-models", "/portal/playground-requests/req_1")
LONGEST_MODULE = 150
MODULES = sorted((ROOT / "portal/static/portal/playground").glob("*.js"))


@pytest.fixture
def ada(client):
    user = User.objects.create_user("ada")
    client.force_login(user)
    return user


def test_strangers_are_led_to_the_sign_in(client):
    answer = client.get("/playground")
    assert answer["Location"] == f"{reverse('account_login')}?next=/playground"


def test_the_page_names_the_addresses_its_script_needs(client, ada):
    page = client.get("/playground")
    text = page.content.decode()
    assert 'data-api="/v1"' in text
    assert f'data-token-url="{TOKEN}"' in text
    assert page["Cache-Control"] == "no-store"
    assert 'aria-current="page">Playground' in text


def test_below_a_prefix_all_addresses_have_it(ada, client):
    set_script_prefix("/gatehouse/")
    try:
        text = client.get("/playground").content.decode()
    finally:
        clear_script_prefix()
    assert 'data-api="/gatehouse/v1"' in text
    assert f'data-token-url="/gatehouse{TOKEN}"' in text


def test_the_page_has_nothing_inline(client, ada):
    text = client.get("/playground").content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text) == []


def test_a_token_is_shown_once_and_kept_by_no_cache(client, ada):
    answer = client.post(TOKEN)
    made = answer.json()
    assert made["token"].startswith("sk-gw-")
    assert (made["seconds"], answer["Cache-Control"]) == (900, "no-store")
    assert made["token"] not in str(client.cookies)
    assert made["token"] not in str(dict(client.session))


@pytest.mark.parametrize("path", ["/playground", TOKEN, *OF_SCRIPT])
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_an_installation_may_have_no_playground(client, settings, path, is_signed_in):
    settings.GATEWAY_PLAYGROUND = False
    if is_signed_in:
        client.force_login(User.objects.create_user("ada"))
    answer = client.post(path) if path == TOKEN else client.get(path)
    assert answer.status_code == 404
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("is_on", [True, False])
def test_links_lead_to_a_playground_that_is_there(client, ada, settings, is_on):
    settings.GATEWAY_PLAYGROUND = is_on
    for path in ("/", "/portal/keys/", "/portal/models/", "/docs"):
        assert ('href="/playground' in client.get(path).content.decode()) is is_on, path


@pytest.mark.parametrize("path", [TOKEN, *OF_SCRIPT])
def test_strangers_get_an_error_that_a_script_can_read(client, path):
    answer = client.post(path) if path == TOKEN else client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "signed_out")
    assert not ApiKey.objects.exists()


def test_a_page_of_another_site_gets_no_token(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(TOKEN).status_code == 403
    assert client.get(TOKEN).status_code == 405


def test_an_api_key_in_place_of_a_session_gets_no_token(client):
    key = ApiKey.objects.issue(User.objects.create_user("bob"))[1]
    assert client.post(TOKEN, HTTP_AUTHORIZATION=f"Bearer {key}").status_code == 401


def test_too_many_tokens_are_refused_with_a_time_to_come_back(client, ada):
    assert {client.post(TOKEN).status_code for _ in range(MOST_AT_ONCE)} == {200}
    answer = client.post(TOKEN)
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "too many tabs" in answer.json()["error"]["message"]


def test_a_playground_that_an_administrator_has_revoked_is_refused(client, ada):
    client.post(TOKEN)
    ApiKey.objects.get(is_playground=True).revoke()
    answer = client.post(TOKEN)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "playground_revoked")


def test_a_request_that_is_not_ones_own_is_not_there(client, ada):
    answer = client.get(OF_SCRIPT[1])
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_models_are_a_list(client, ada):
    assert client.get(OF_SCRIPT[0]).json() == {"object": "list", "data": []}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_modules_of_the_script_are_short_and_write_no_markup(module: Path):
    text = module.read_text()
    assert len(text.splitlines()) < LONGEST_MODULE
    assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", text) == []
    assert re.findall(r"localStorage|sessionStorage|indexedDB|document\.cookie", text) == []
    for name in re.findall(r'from "\./(.+?)"', text):
        assert finders.find(f"portal/playground/{name}")

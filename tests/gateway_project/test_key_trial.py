"""The button that tests a key asks the API, and says no more of the key than that."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts import keys
from accounts.models import ApiKey, User

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = reverse("try_key")


def test_a_key_that_opens_nothing_is_accepted_and_that_is_said(admin_client: Client) -> None:
    _, key = ApiKey.objects.issue(User.objects.create_user("bob"))
    response = admin_client.post(PAGE, {"key": key})
    text = response.content.decode()
    assert response.status_code == 200
    assert key not in text
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("key", [keys.generate(), "sk-foreign"], ids=["well formed", "foreign"])
def test_a_foreign_key_fails_with_the_words_of_the_api(admin_client: Client, key: str) -> None:
    text = admin_client.post(PAGE, {"key": key}, headers={"HX-Request": "true"}).content.decode()
    assert "Fails" in text
    assert "401:" in text
    assert "<html" not in text
    assert key not in text


@pytest.mark.parametrize("key", ["", "schlüssel", "a\nb"])
def test_what_is_no_key_is_not_asked_for(admin_client: Client, key: str) -> None:
    assert "Paste a key." in admin_client.post(PAGE, {"key": key}).content.decode()


def test_a_look_shows_the_form(admin_client: Client) -> None:
    assert 'name="key"' in admin_client.get(PAGE).content.decode()

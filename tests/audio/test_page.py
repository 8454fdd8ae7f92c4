"""The admin's page about the speech cache."""

import pytest
from django.urls import reverse

from accounts.models import User
from audio.speech_cache import configured_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(settings, tmp_path):
    settings.GATEWAY_SPEECH_CACHE_DIR = str(tmp_path)
    store = configured_store()
    writer = store.write("ab" + "0" * 62)
    writer.write(b"sound")
    writer.commit("audio/mpeg")
    writer.close()
    return store


def test_superusers_see_and_clear_it(admin_client, store):
    page = admin_client.get(reverse("speech_cache")).content.decode()
    assert "Recordings" in page
    assert str(store.directory) in page
    assert admin_client.post(reverse("speech_cache")).status_code == 302
    assert store.size().entries == 0


def test_cache_that_cannot_be_cleared_is_told(admin_client, store):
    tally = store.directory / "tally.json"
    tally.mkdir()  # in the place of a file
    answer = admin_client.post(reverse("speech_cache"), follow=True)
    assert "cannot be cleared" in answer.content.decode()


def test_other_staff_do_not(client, store):
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.post(reverse("speech_cache")).status_code == 403
    assert store.size().entries == 1

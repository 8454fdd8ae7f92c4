"""Who came by themselves waits for an admin."""

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from django.urls import reverse

from accounts.models import User
from tests.accounts.oauth.test_access_tokens import make_token

pytestmark = pytest.mark.django_db
USERS = reverse("admin:accounts_user_changelist")


@pytest.fixture
def kim():
    return User.objects.create(username="kim", is_active=False, is_pending=True)


def test_an_admin_sees_and_activates_them(admin_client, kim):
    assert "Pending" in admin_client.get(f"{USERS}?is_pending__exact=1").content.decode()
    data = {"action": "activate_selected", "_selected_action": [kim.pk]}
    admin_client.post(USERS, data)
    kim.refresh_from_db()
    assert (kim.is_active, kim.is_pending) == (True, False)


def test_staff_without_all_rights_activate_no_staff(client, kim):
    helper = User.objects.create_user("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    User.objects.filter(pk=kim.pk).update(is_staff=True)
    client.force_login(helper)
    client.post(USERS, {"action": "activate_selected", "_selected_action": [kim.pk]})
    kim.refresh_from_db()
    assert not kim.is_active


def test_nobody_is_active_and_pending_at_once(kim):
    with pytest.raises(IntegrityError):
        User.objects.filter(pk=kim.pk).update(is_active=True)


def test_switching_somebody_off_takes_their_tokens(kim):
    kim.is_active = True
    kim.save()
    make_token(kim, seconds=60)
    kim.is_active = False
    kim.save()
    assert not kim.oauth_tokens.exists()

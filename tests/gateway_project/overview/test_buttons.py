"""The buttons on the notices of broken connections: what they do, for whom, and what is written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connections.choices import Cause
from connections.health.keeping import Heard, keep_heard
from connections.models import Connection, LastVerification

pytestmark = pytest.mark.django_db
HOME = reverse("admin:index")
BOTH = pytest.mark.parametrize("page", ["connection_verify_now", "connection_disable"])


def broken(**fields) -> Connection:
    row = Connection.objects.create(
        **{"name": "gpu-box", "base_url": "http://127.0.0.1:9/v1"} | fields
    )
    at = timezone.now() - timedelta(hours=3)
    keep_heard(row.pk, Heard(at=at, cause=Cause.PORT_REFUSED, problem="refused"))
    return row


def staff(*codenames: str, **options) -> Client:
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client(**options)
    client.force_login(user)
    return client


def titles(client: Client) -> list[str]:
    return [button.title for button in client.get(HOME).context["notices"][0].buttons]


def test_a_connection_is_disabled_and_the_history_says_by_whom(admin_client: Client) -> None:
    row = broken()
    url = reverse("connection_disable", args=[row.pk])
    answer = admin_client.post(f"{url}?period=7d&top=models&next=//evil", follow=True)
    assert answer.redirect_chain == [(f"{HOME}?period=7d&top=models", 302)]
    assert "gpu-box is disabled" in answer.content.decode()
    row.refresh_from_db()
    assert not row.is_enabled
    entry = LogEntry.objects.get_for_object(row).first()
    assert entry.changes == {"is_enabled": ["True", "False"]}
    assert entry.actor.get_username() == "admin"
    again = admin_client.post(url, follow=True)
    assert "gpu-box was disabled already" in again.content.decode()
    assert LogEntry.objects.get_for_object(row).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_verified_and_the_overview_tells_the_outcome(admin_client: Client) -> None:
    row = broken()
    url = reverse("connection_verify_now", args=[row.pk])
    answer = admin_client.post(url, follow=True)
    assert answer.redirect_chain == [(HOME, 302)]
    assert "gpu-box failed at" in answer.content.decode()
    assert LastVerification.objects.get().connection == row


def test_buttons_are_those_that_the_person_may_press(admin_client: Client) -> None:
    broken()
    assert titles(admin_client) == ["Verify", "Disable"]
    assert titles(staff("view_connection")) == ["Show"]


def test_one_from_the_environment_is_verified_and_not_disabled(admin_client: Client) -> None:
    row = broken(is_from_environment=True)
    assert titles(admin_client) == ["Verify", "Show"]
    url = reverse("connection_disable", args=[row.pk])
    assert admin_client.post(url).status_code == 403
    row.refresh_from_db()
    assert row.is_enabled


def test_one_that_passes_on_callers_own_is_for_superusers(db: None) -> None:
    row = broken(auth_type="session")
    client = staff("view_connection", "change_connection")
    assert client.post(reverse("connection_disable", args=[row.pk])).status_code == 403


@BOTH
def test_both_take_a_post_with_a_token_and_the_permission_to_change(page: str) -> None:
    row = broken()
    url = reverse(page, args=[row.pk])
    viewer = staff("view_connection")
    assert viewer.post(url).status_code == 403
    assert viewer.get(url).status_code == 405
    of_other_site = Client(enforce_csrf_checks=True)
    of_other_site.force_login(User.objects.create_superuser("root"))
    assert of_other_site.post(url).status_code == 403
    row.refresh_from_db()
    assert row.is_enabled
    assert not LastVerification.objects.exists()


@BOTH
def test_one_that_is_gone_is_not_found(admin_client: Client, page: str) -> None:
    assert admin_client.post(reverse(page, args=[404])).status_code == 404

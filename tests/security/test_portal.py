"""No page of the portal shows another's row: each route is walked with the ids of somebody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import ApiKey, User
from portal.models import AccessRequest, GroupInvitation, GroupManager
from tests.security.routes import routes_of
from tests.usage.records import a_record
from usage.storing import store

pytestmark = pytest.mark.django_db
ROUTES = [
    route
    for route in routes_of("gateway_project.urls")
    if route.pattern.startswith("/portal/") and "playground" not in route.pattern
]
CANARY = "canary-of-victim"
# Ids of another's rows, by the names that routes have for them.
NAMES = {"key_id", "access_id", "request_id", "group_id", "user_id", "invitation_id"}


@pytest.fixture
def victim() -> dict[str, str]:
    """Somebody with a row of each kind, all of them marked: the ids of these."""
    user = User.objects.create_user(CANARY, email=f"{CANARY}@example.org", first_name=CANARY)
    group = Group.objects.create(name=CANARY)
    user.groups.add(group)
    GroupManager.objects.create(group=group, user=user)
    key, _ = ApiKey.objects.issue(user, name=CANARY)
    record = a_record(
        request_id=f"req_{CANARY}",
        accepted_at=datetime.now(UTC).timestamp(),
        user_id=user.pk,
        username=CANARY,
        key_id=key.pk,
        key_hint=key.hint,
        model=CANARY,
    )
    store([record])
    asked = AccessRequest.objects.create(asked_by=user, model=CANARY)
    waiting = GroupInvitation.objects.create(group=group, email=user.email, invited_by=user)
    return {
        "key_id": str(key.pk),
        "access_id": str(asked.pk),
        "request_id": f"req_{CANARY}",
        "group_id": str(group.pk),
        "user_id": str(user.pk),
        "invitation_id": str(waiting.pk),
    }


@pytest.fixture
def other() -> Client:
    """Somebody else, signed in, who looks after a group of their own."""
    user = User.objects.create_user("other", email="other@example.org")
    GroupManager.objects.create(group=Group.objects.create(name="own"), user=user)
    client = Client()
    client.force_login(user)
    return client


def state() -> list[object]:
    """What a change by another would leave a trace in."""
    return [
        list(ApiKey.objects.values_list("digest", "revoked_at")),
        list(AccessRequest.objects.values_list("state")),
        list(GroupInvitation.objects.values_list("pk")),
        list(User.groups.through.objects.values_list("user", "group")),
    ]


def test_the_walk_knows_each_parameter():
    names = {name for route in ROUTES for name in re.findall(r"\{(\w+)\}", route.pattern)}
    assert names - {"model_id"} == NAMES
    assert len(ROUTES) > 15


def test_no_page_shows_or_changes_the_row_of_another(victim, other):
    before = state()
    for route in ROUTES:
        path = re.sub(r"\{(\w+)\}", lambda found: victim.get(found[1], "any"), route.pattern)
        has_id = not NAMES.isdisjoint(re.findall(r"\{(\w+)\}", route.pattern))
        for answer in (other.get(path), other.post(path, {"accept": "1", "overlap_hours": "0"})):
            shown = answer.content.decode().replace(path, "")
            assert CANARY not in shown, path
            assert answer.status_code in {404, 405} or not has_id, path
    assert state() == before


def test_filters_of_lists_find_nothing_of_another(victim, other):
    for query in (
        {"key_id": victim["key_id"]},
        {"model": CANARY},
        {"user_id": victim["user_id"]},
        {"q": f"req_{CANARY}"},
        {"connection": "openai"},
    ):
        page = other.get("/portal/requests/", query)
        assert page.context["lines"] == [], query
    assert CANARY not in other.get("/portal/usage.csv?days=90").content.decode()


def test_strangers_are_sent_to_sign_in(client: Client, victim):
    for route in ROUTES:
        path = re.sub(r"\{(\w+)\}", lambda found: victim.get(found[1], "any"), route.pattern)
        for answer in (client.get(path), client.post(path)):
            is_sent = answer.status_code == 302 and answer["Location"].startswith("/accounts/login")
            is_theme = path == "/portal/theme/" and answer.status_code in {302, 405}
            assert is_sent or is_theme or answer.status_code == 405, path

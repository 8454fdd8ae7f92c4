"""Every page of the portal: it is there, asks few queries, and is inert to what others wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiKey, User
from portal.models import AccessRequest, GroupInvitation, GroupManager, KeyPolicy
from tests.limits.builders import make_limit
from tests.portal.conftest import browser_of
from tests.usage.records import a_log, a_record
from usage.storing import store

pytestmark = pytest.mark.django_db(transaction=True)
MOST_QUERIES = 12
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def life(ada: User, team: Group, registry) -> None:
    """Ada has made, asked, used and been given something of everything, many times."""
    keys = [ApiKey.objects.issue(ada, name=f"key {n} {EVIL}")[0] for n in range(30)]
    ApiKey.objects.issue(ada, name="old")[0].revoke()
    now = datetime.now(UTC)
    rows = [
        a_record(
            request_id=f"req_{n:04}",
            accepted_at=(now - timedelta(hours=n)).timestamp(),
            user_id=ada.pk,
            username="ada",
            key_id=keys[n % 30].pk,
            key_hint=keys[n % 30].hint,
            model=("gpt-4o", "o1", EVIL)[n % 3],
            status=(200, 429, 502)[n % 3],
            error_code=("", "rate_limit_exceeded", EVIL)[n % 3],
            attempt_log=a_log(error_text=EVIL),
        )
        for n in range(120)
    ]
    store(rows)
    for n in range(20):
        AccessRequest.objects.create(asked_by=ada, model=f"wanted-{n}", reason=EVIL, words=EVIL)
        member = User.objects.create_user(f"member-{n}", first_name=EVIL, email=f"m{n}@x.example")
        member.groups.add(team)
        ApiKey.objects.issue(member, name=EVIL)
        GroupInvitation.objects.create(group=team, email=f"guest-{n}@x.example", invited_by=ada)
        make_limit(f"limit {n} {EVIL}", subject_kind="group", group=team, share="each_user")
    GroupManager.objects.create(group=team, user=ada)
    other = Group.objects.create(name=f"other {EVIL}")
    GroupInvitation.objects.create(group=other, email=ada.email, invited_by=ada)
    KeyPolicy.objects.create(group=team, most_keys=50, shows_catalogue=True)


def addresses(ada: User, team: Group) -> dict[str, str]:
    key = ada.api_keys.first()
    member = team.user_set.get(username="member-1")
    return {
        "start": reverse("portal:start"),
        "keys": reverse("portal:keys"),
        "new key": reverse("portal:new_key"),
        "key": reverse("portal:shown_key", args=[key.pk]),
        "rotate": reverse("portal:rotate_key", args=[key.pk]),
        "revoke": reverse("portal:revoke_key", args=[key.pk]),
        "models": reverse("portal:models"),
        "search": f"{reverse('portal:models')}?q=secret",
        "model": reverse("portal:model", args=["gpt-4o"]),
        "access": reverse("portal:access"),
        "usage": f"{reverse('portal:usage')}?days=90",
        "requests": reverse("portal:requests"),
        "failed": f"{reverse('portal:requests')}?state=failed&period=month",
        "request": reverse("portal:request", args=["req_0001"]),
        "limits": reverse("portal:limits"),
        "groups": reverse("portal:groups"),
        "group": reverse("portal:group", args=[team.pk]),
        "remove": reverse("portal:remove_member", args=[team.pk, member.pk]),
        "api": reverse("portal:api"),
        "csv": reverse("portal:usage_csv"),
    }


def test_each_page_asks_few_queries_and_runs_nothing_that_was_written(ada, team, life):
    troubles = []
    browser = browser_of(ada)
    for name, address in addresses(ada, team).items():
        browser.get(address)  # prices and speeds are kept for a while
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(address)
        asked = [query["sql"] for query in queries if query["sql"].startswith(("SELECT", "UPDATE"))]
        if answer.status_code != 200:
            troubles.append((name, answer.status_code))
        if len(asked) > MOST_QUERIES:
            troubles.append((name, len(asked), asked))
        if EVIL in answer.content.decode() and name != "csv":
            troubles.append((name, "script"))
        if answer["Cache-Control"] != "no-store":
            troubles.append((name, answer["Cache-Control"]))
    assert troubles == []


def test_a_new_person_sees_what_to_do_next_on_each_page(registry):
    eve = User.objects.create_user("eve")
    browser = browser_of(eve)
    assert b"No model is yours yet" in browser.get(reverse("portal:start")).content
    assert b"Make one" in browser.get(reverse("portal:keys")).content
    assert b"Ask for one" in browser.get(reverse("portal:models")).content
    assert b"Send a first one" in browser.get(reverse("portal:usage")).content
    assert b"send a first one" in browser.get(reverse("portal:requests")).content
    assert b"No limit holds for you" in browser.get(reverse("portal:limits")).content
    assert b"You are in none" in browser.get(reverse("portal:groups")).content


def test_the_pages_are_there_before_the_models_are(page: Client):
    for name in ("start", "models", "api", "access"):
        assert page.get(reverse(f"portal:{name}")).status_code == 200

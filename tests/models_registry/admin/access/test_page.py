"""The matrix of models and groups in the admin, and changing many grants at once."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.changes import current_versions
from accounts.models import User
from models_registry.access.unmatched import unmatched_grants
from models_registry.models import ModelGrant
from tests.models_registry.conftest import serving_lists

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = reverse("admin:models_registry_access")
LISTS = {"openai": ["gpt-4o", "gpt-4o-mini"], "router": ["anthropic/opus", "anthropic/sonnet"]}
VIEW = ("view_modelgrant", "view_registeredmodel", "view_group")


@pytest.fixture
def serving():
    with serving_lists(LISTS):
        yield


@pytest.fixture
def team(serving) -> Group:
    team = Group.objects.create(name="team")
    for name in ("ada", "bob"):
        User.objects.create_user(name).groups.add(team)
    return team


def text(page: Any) -> str:
    assert page.status_code == 200
    return unescape(page.content.decode())


def preview(client: Client, **sent: Any) -> str:
    return " ".join(text(client.post(PAGE, sent, headers={"HX-Request": "true"})).split())


def seal(page: str) -> str:
    (found,) = re.findall(r'name="seal" value="(\w+)"', page)
    return found


def save(client: Client, **sent: Any) -> str:
    """What the page says after the change that a preview showed."""
    sealed = seal(preview(client, **sent))
    return text(client.post(PAGE, sent | {"seal": sealed}, follow=True))


def grants() -> set[tuple[str, str]]:
    rows = ModelGrant.objects.filter(user=None).select_related("group")
    return {(row.pattern, row.grantee) for row in rows}


def test_the_matrix_has_folders_models_and_groups(admin_client: Client, team: Group) -> None:
    ModelGrant.objects.create(pattern="anthropic/*", group=team)
    page = text(admin_client.get(PAGE))
    for shown in ("4 models, 1 group", "router › anthropic/", "gpt-4o-mini", "everyone", "team"):
        assert shown in page
    assert "<code>anthropic/*</code>" in page
    assert reverse("model_page") + "?id=anthropic%2Fopus" in page


def test_models_are_granted_after_a_preview(admin_client: Client, team: Group) -> None:
    sent = {"model": ["gpt-4o", "anthropic/opus"], "grant": [str(team.pk)]}
    shown = preview(admin_client, **sent)
    assert "+ 2 people gain 2 models: ada, bob." in shown
    assert "No person loses a model." in shown
    assert "None of them has a known price." in shown or "Dearest:" in shown
    assert grants() == set()
    version = current_versions()
    assert "2 grants made." in save(admin_client, **sent)
    assert grants() == {("gpt-4o", "group team"), ("anthropic/opus", "group team")}
    assert current_versions() != version
    assert LogEntry.objects.filter(action_flag=ADDITION).count() == 2


def test_a_ticked_folder_stands_for_what_the_page_shows_of_it(
    admin_client: Client, team: Group
) -> None:
    sent = {"folder": ["openai/"], "q": "mini", "grant": ["everyone"]}
    assert "1 ticked" in preview(admin_client, **sent)
    save(admin_client, **sent)
    assert grants() == {("gpt-4o-mini", "everyone")}


def test_a_pattern_is_one_grant(admin_client: Client, team: Group) -> None:
    sent = {"folder": ["router/anthropic/"], "grant": [str(team.pk)], "as": "anthropic/*"}
    save(admin_client, **sent)
    assert grants() == {("anthropic/*", "group team")}


def test_a_pattern_that_was_not_proposed_is_no_way(admin_client: Client, team: Group) -> None:
    save(admin_client, model=["gpt-4o"], grant=[str(team.pk)], **{"as": "*"})
    assert grants() == {("gpt-4o", "group team")}


def test_grants_are_taken_back_and_patterns_are_told(admin_client: Client, team: Group) -> None:
    ModelGrant.objects.create(pattern="gpt-4o", group=team)
    pattern = ModelGrant.objects.create(pattern="anthropic/*", group=team)
    sent = {"model": ["gpt-4o", "anthropic/opus"], "revoke": [str(team.pk)]}
    shown = preview(admin_client, **sent)
    assert "− 2 people lose 1 model: ada, bob." in shown
    assert "team has 1 of these models by <code>anthropic/*</code>, which gives 1 other" in shown
    assert reverse("admin:models_registry_modelgrant_change", args=[pattern.pk]) in shown
    assert "1 grant deleted." in save(admin_client, **sent)
    assert grants() == {("anthropic/*", "group team")}
    save(admin_client, **(sent | {"split": [str(pattern.pk)]}))
    assert grants() == {("anthropic/sonnet", "group team")}
    assert LogEntry.objects.filter(action_flag=DELETION).count() == 2


def test_what_was_shown_is_saved_or_nothing(admin_client: Client, team: Group) -> None:
    sent = {"model": ["gpt-4o"], "grant": [str(team.pk)]}
    sealed = seal(preview(admin_client, **sent))
    User.objects.create_user("cy").groups.add(team)
    page = text(admin_client.post(PAGE, sent | {"seal": sealed}))
    assert "Not saved: grants, people or models have changed" in page
    assert "3 people gain 1 model: ada, bob, cy" in page
    assert grants() == set()
    text(admin_client.post(PAGE, sent | {"seal": seal(page)}, follow=True))
    assert grants() == {("gpt-4o", "group team")}


def test_the_same_group_is_not_given_and_denied_at_once(admin_client: Client, team: Group) -> None:
    shown = preview(admin_client, model=["gpt-4o"], grant=[str(team.pk)], revoke=[str(team.pk)])
    assert "team cannot be given and denied the same models at once." in shown
    assert "seal" not in shown


@pytest.mark.parametrize(
    ("holder", "sent", "problem"),
    [
        ("delete_modelgrant", "grant", "You may not make grants."),
        ("add_modelgrant", "revoke", "You may not delete grants."),
    ],
)
def test_a_change_needs_the_permissions_of_the_single_form(
    client: Client, team: Group, holder: str, sent: str, problem: str
) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=[*VIEW, holder]))
    client.force_login(staff)
    if sent == "revoke":
        ModelGrant.objects.create(pattern="gpt-4o", group=team)
    shown = preview(client, model=["gpt-4o"], **{sent: [str(team.pk)]})
    assert problem in shown
    assert not re.search(r"\bada\b", shown)  # names are for those who may see users
    before = grants()
    client.post(PAGE, {"model": ["gpt-4o"], sent: [str(team.pk)], "seal": "0" * 32})
    assert grants() == before


@pytest.mark.parametrize("missing", VIEW)
def test_the_page_needs_what_it_shows(client: Client, serving: None, missing: str) -> None:
    staff = User.objects.create_user("staff", is_staff=True)
    held = [name for name in VIEW if name != missing]
    staff.user_permissions.set(Permission.objects.filter(codename__in=held))
    client.force_login(staff)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE).status_code == 403


def test_a_process_that_serves_nothing_says_so(admin_client: Client, db: None) -> None:
    assert "knows no models" in text(admin_client.get(PAGE))
    assert admin_client.post(PAGE).status_code == 302
    assert unmatched_grants() == []


def test_an_empty_page_leads_on(admin_client: Client, db: None) -> None:
    with serving_lists({"empty": []}):
        assert "Add a connection" in text(admin_client.get(PAGE))


def test_without_a_group_the_way_to_one_is_told(admin_client: Client, serving: None) -> None:
    assert "There is no group yet." in text(admin_client.get(PAGE))


def test_a_pattern_that_covers_nothing_is_told_everywhere(
    admin_client: Client, team: Group
) -> None:
    ModelGrant.objects.filter(user__isnull=False).delete()
    idle = ModelGrant.objects.create(pattern="gone/*", group=team)
    ModelGrant.objects.create(pattern="gpt*", group=team)
    assert unmatched_grants() == [idle]
    assert "1 grant covers no model" in text(admin_client.get(PAGE))
    listed = reverse("admin:models_registry_modelgrant_changelist")
    assert admin_client.get(listed, {"covers": "nothing"}).context["cl"].result_count == 1
    form = text(
        admin_client.get(reverse("admin:models_registry_modelgrant_change", args=[idle.pk]))
    )
    assert "It covers no model that is offered now" in form
    covers = reverse("admin:models_registry_covers")
    assert text(admin_client.get(covers, {"pattern": "gpt*"})) == "It covers 2 models now."
    assert text(admin_client.get(covers)) == ""


def test_many_models_and_groups_take_no_more_queries_and_a_light_page(
    admin_client: Client, db: None
) -> None:
    lists = {
        f"c{n}": [f"maker{m}/model-{n}-{m}-{k}" for m in range(5) for k in range(20)]
        for n in range(10)
    }
    with serving_lists(lists):
        groups = Group.objects.bulk_create(Group(name=f"group-{n:03}") for n in range(100))
        ModelGrant.objects.bulk_create(
            ModelGrant(pattern=f"maker{n % 5}/*", group=group) for n, group in enumerate(groups)
        )
        people = User.objects.bulk_create(User(username=f"user-{n}") for n in range(300))
        members = User.groups.through
        members.objects.bulk_create(
            members(user=user, group=groups[n % 100]) for n, user in enumerate(people)
        )
        sent = {"folder": ["c1/maker1/"], "grant": [str(group.pk) for group in groups[:10]]}
        with CaptureQueriesContext(connection) as queries:
            page = admin_client.get(PAGE)
        assert (len(queries) <= 12, len(page.content) < 200_000) == (True, True)
        assert "1,000 models, 100 groups" in text(page)
        with CaptureQueriesContext(connection) as queries:
            preview(admin_client, **sent)
        assert len(queries) <= 12
        rows = text(admin_client.get(PAGE, {"rows": "c1/maker1/", "page": "2"}))
        assert rows.count("<tr ") == 20


def test_one_folder_is_opened_by_an_address_of_its_own(admin_client: Client, serving: None) -> None:
    rows = text(admin_client.get(PAGE, {"rows": "router/anthropic/"}))
    assert "anthropic/opus" in rows
    assert "<html" not in rows
    assert text(admin_client.get(PAGE, {"rows": "no such folder"})).strip() == ""

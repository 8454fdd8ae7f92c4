"""Each change is told with where it comes from, and without its secrets."""

from __future__ import annotations

import json

import pytest
from auditlog.models import LogEntry
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import ApiKey, User
from connections.models import Connection
from connections.models.key_source import KeySource
from gateway_project.history.entries import WAY, WHO
from gateway_project.history.middleware import TellOrigin
from gateway_project.history.told import LONGEST_SHOWN, entries_of, for_viewer, told, way_of, who_of
from gateway_project.reconciling import reconcile
from infrastructure.origin import Origin, Way, current_origin, made_by
from usage.models import Price, PriceSource

pytestmark = pytest.mark.django_db

CANARY = "sk-canary-7d1f0c2b9a"


def newest() -> LogEntry:
    return LogEntry.objects.order_by("-pk").select_related("content_type", "actor")[0]


def test_a_page_s_change_is_its_user_s(admin_client: Client, admin_user: User) -> None:
    url = reverse("admin:auth_group_add")
    assert admin_client.post(url, {"name": "research"}).status_code == 302
    said = told(newest())
    assert (said.action, said.kind, said.name) == ("made", "group", "research")
    assert (said.who, said.way, said.address) == ("admin", f"page {url}", "127.0.0.1")
    assert said.url


def test_a_user_who_is_deleted_is_still_named(admin_client: Client, admin_user: User) -> None:
    admin_client.post(reverse("admin:auth_group_add"), {"name": "research"})
    entry = newest()
    admin_user.delete()
    entry.refresh_from_db()
    assert (entry.actor, entry.additional_data[WHO], who_of(entry)) == (None, "admin", "admin")


def test_a_command_is_named(tmp_path) -> None:
    file = tmp_path / "gatehouse.yaml"
    file.write_text(json.dumps({"groups": [{"name": "interns"}]}))
    with made_by(Origin(way=Way.COMMAND, name="import_config")):
        call_command("import_config", str(file))
    entry = LogEntry.objects.get(object_repr="interns")
    assert (way_of(entry), entry.actor) == ("command import_config", None)


def test_limits_by_command_and_by_file_are_changes(tmp_path) -> None:
    file = tmp_path / "gatehouse.yaml"
    limit = {"label": "all", "everyone": True, "metric": "requests", "amount": 9, "window": "day"}
    file.write_text(json.dumps({"limits": [limit]}))
    commands = (
        ("import_config", str(file)),
        ("limits", "set", "all", "--amount", "20"),
        ("limits", "raise", "all", "--amount", "30", "--until", "7d", "--reason", "a workshop"),
        ("limits", "raise", "all", "--end"),
    )
    for name, *arguments in commands:
        with made_by(Origin(way=Way.COMMAND, name=name)):
            call_command(name, *arguments)
    entries = [
        entry
        for entry in LogEntry.objects.order_by("pk").select_related("content_type")
        if entry.content_type.app_label == "limits"
    ]
    assert [(told(entry).action, way_of(entry)) for entry in entries] == [
        ("made", "command import_config"),
        ("changed", "command limits"),
        ("made", "command limits"),
        ("changed", "command limits"),
    ]
    assert "20" in str(entries[1].changes)


@pytest.mark.django_db(transaction=True)
def test_the_environment_is_named_without_its_keys(settings) -> None:
    settings.OPENAI_API_BASE_URLS = ["https://a.example/v1"]
    settings.OPENAI_API_KEYS = [CANARY]
    reconcile()
    entries = LogEntry.objects.all()
    assert {entry.additional_data[WAY] for entry in entries} == {Way.ENVIRONMENT}
    assert CANARY not in str(list(entries.values()))
    settings.OPENAI_API_KEYS = ["sk-another-canary-0123"]
    reconcile()
    assert "canary" not in str(list(LogEntry.objects.values()))


def test_secrets_are_told_to_change_and_not_shown() -> None:
    row = Connection.objects.create(
        name="one", base_url="https://one.example/v1", headers={"X-Secret": CANARY}
    )
    row.replace_keys([KeySource.parse(CANARY)])
    row.headers = {"X-Secret": f"{CANARY}-2"}
    row.save()
    changed = told(entries_of(row)[0]).changes
    assert [(each.field, each.before, each.after) for each in changed] == [
        ("extra headers", "(hidden)", "(hidden)")
    ]
    owner = User.objects.create_user("ada", password=CANARY)
    _, key = ApiKey.objects.issue(owner)
    stored = str(list(LogEntry.objects.values()))
    assert CANARY not in stored
    assert key not in stored


def test_a_change_at_the_end_of_a_long_list_is_told() -> None:
    models = [f"a-model-of-a-long-name-{n}" for n in range(31)]
    row = Connection.objects.create(
        name="one", base_url="https://one.example/v1", model_ids=models[:30]
    )
    row.model_ids = models
    row.save()
    [change] = told(newest()).changes
    assert change.before.startswith("…")
    assert change.before.endswith('a-model-of-a-long-name-29"]')
    assert change.after.endswith(', "a-model-of-a-long-name-30"]')


def test_long_values_that_differ_early_are_cut_at_their_end() -> None:
    row = Connection.objects.create(
        name="one", base_url="https://one.example/v1", model_ids=["a" * 300]
    )
    [made] = [each for each in told(newest()).changes if each.field == "model ids"]
    assert (made.before, made.after) == ("–", f'["{"a" * (LONGEST_SHOWN - 2)}…')
    row.model_ids = ["b" * 300, "c"]
    row.save()
    [change] = told(newest()).changes
    assert (change.before, change.after) == (made.after, made.after.replace("a", "b"))


def test_one_kind_of_emptiness_for_another_is_no_change() -> None:
    Connection.objects.create(name="one", base_url="https://one.example/v1")
    entry = newest()
    entry.changes = {"prefix_id": ["None", ""], "model_ids": ["[]", "None"]}
    assert told(entry).changes == ()


def test_members_of_groups_are_told() -> None:
    from django.contrib.auth.models import Group

    ada, group = User.objects.create_user("ada"), Group.objects.create(name="research")
    root = User.objects.create_superuser("root")
    ada.groups.add(group)
    (change,) = told(for_viewer(entries_of(ada), root)[0]).changes
    assert (change.field, change.before, change.after) == ("groups", "–", "research")
    ada.groups.remove(group)
    (change,) = told(for_viewer(entries_of(ada), root)[0]).changes
    assert (change.before, change.after) == ("research", "–")


def test_signing_in_is_no_change(client: Client, admin_user: User) -> None:
    LogEntry.objects.all().delete()
    client.force_login(admin_user)
    assert not LogEntry.objects.exists()


def test_prices_of_the_bundled_list_are_no_change() -> None:
    Price.objects.create(model="m", source=PriceSource.BUNDLED)
    assert not LogEntry.objects.exists()
    Price.objects.create(model="m", source=PriceSource.ADMIN)
    assert LogEntry.objects.count() == 1


def test_the_innermost_origin_counts_and_ends_with_its_block() -> None:
    outer, inner = Origin(way=Way.COMMAND, name="serve"), Origin(way=Way.ENVIRONMENT)
    with made_by(outer):
        with made_by(inner):
            assert current_origin() is inner
        assert current_origin() is outer
    assert current_origin() is None


def test_a_request_s_origin_ends_with_it(rf: RequestFactory) -> None:
    seen = []
    TellOrigin(lambda _: seen.append(current_origin()) or HttpResponse())(rf.get("/admin/"))
    assert (seen[0].way, seen[0].name, current_origin()) == (Way.PAGE, "/admin/", None)

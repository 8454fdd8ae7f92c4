"""Every page and button of the admin asks for its permission, and none hands out more than that."""

import re

import pytest
from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.administration import END_REQUEST, NEEDS, PAGES_OF_ROWS
from accounts.models import ApiKey, User
from connections.models import Connection, GatewaySettings
from limits.models import LimitAlert
from models_registry.models import ModelGrant, RegisteredModel
from portal.models import AccessRequest, GroupManager, KeyPolicy
from resilience.models import ResiliencePolicy, Route
from tests.limits.builders import make_limit
from tests.security.routes import routes_of
from tests.usage.records import a_record
from usage.models import Price, UsageRow
from usage.storing import store

pytestmark = pytest.mark.django_db

ROUTES = [r for r in routes_of("gateway_project.urls") if r.pattern.startswith("/admin/")]
OWN_PAGES = [endpoint for endpoint in NEEDS if endpoint.startswith("/admin/")]
MODELS = [model._meta for model in admin.site._registry]
ROW_PAGES = [(meta, page) for meta in MODELS for page in PAGES_OF_ROWS]
# Nothing is told or done there, or only what the pages that they lead to ask permissions for.
FOR_ALL_STAFF = {
    "/admin/",
    "/admin/search/",
    "/admin/login/",
    "/admin/logout/",
    "/admin/password_change/",
    "/admin/password_change/done/",
    "/admin/autocomplete/",
    "/admin/jsi18n/",
    "/admin/r/{content_type_id}/{object_id}/",
    "/admin/{app_label}/",
    "/admin/{url}",
}
FORWARDS = {f"/admin/{meta.app_label}/{meta.model_name}/{{object_id}}/" for meta in MODELS}


def permission(name):
    app_label, _, codename = name.partition(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)


def person(*permissions, lacks=(), name="helper"):
    """Staff with just these permissions; with ``lacks`` all others."""
    user = User.objects.create_user(name, is_staff=True, is_superuser="superuser" in permissions)
    if lacks:
        left = [row.pk for row in map(permission, set(lacks) - {"superuser"})]
        given = Permission.objects.exclude(pk__in=left)
    else:
        given = [permission(p) for p in permissions if p != "superuser"]
    # By a relation's manager, the history would look up each of them.
    link = User.user_permissions.through
    link.objects.bulk_create(link(user=user, permission=each) for each in given)
    return user


def browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bob():
    return User.objects.create_user("bob", password="bob-pass-1")


@pytest.fixture
def boss():
    return User.objects.create_user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def rows(bob):
    """A row for each model of the admin, by its label."""
    connection = Connection.objects.create(name="one", base_url="https://one.example/v1")
    store([a_record(request_id="req_1", user_id=bob.pk, username="bob")])
    limit = make_limit("x")
    made = [
        bob,
        Group.objects.create(name="team"),
        ApiKey.objects.issue(bob)[0],
        connection,
        GatewaySettings.load(),
        ModelGrant.objects.create(pattern="*", everyone=True),
        RegisteredModel.objects.create(connection=connection, model="m"),
        Route.objects.create(model="r"),
        ResiliencePolicy.objects.create(name="p"),
        Price.objects.create(model="m", source="admin"),
        UsageRow.objects.get(),
        limit,
        LimitAlert.objects.create(limit=limit, start=0, threshold=50),
        LogEntry.objects.order_by("pk")[0],
        KeyPolicy.objects.create(),
        GroupManager.objects.create(group=Group.objects.get(name="team"), user=bob),
        AccessRequest.objects.create(asked_by=bob, model="m"),
    ]
    return {row._meta.label: row for row in made}


def filled_in(pattern, rows):
    """``pattern`` with the row that its path is about."""
    app, model = pattern.split("/")[2:4]
    row = next(
        (r for r in rows.values() if (r._meta.app_label, r._meta.model_name) == (app, model)), None
    )
    return re.sub(r"{\w+}", str(row.pk) if row else "", pattern)


def is_closed(client, url):
    """Also to forms, unless the page takes none, or nothing else."""
    answers = client.get(url).status_code, client.post(url).status_code
    return answers in {(403, 403), (403, 405), (405, 403)}


def test_every_page_of_the_admin_is_in_the_table():
    of_rows = {
        page.replace("{app}", meta.app_label).replace("{model}", meta.model_name)
        for meta, page in ROW_PAGES
    }
    assert {route.pattern for route in ROUTES} == {*OWN_PAGES, *of_rows, *FOR_ALL_STAFF, *FORWARDS}


@pytest.mark.parametrize("endpoint", OWN_PAGES)
def test_pages_of_our_own_ask_for_each_permission(rows, endpoint):
    url = filled_in(endpoint, rows)
    assert is_closed(browser(person(name="powerless")), url)
    for number, name in enumerate(NEEDS[endpoint]):
        assert is_closed(browser(person(lacks=[name], name=f"p{number}")), url)


@pytest.mark.parametrize("endpoint", OWN_PAGES)
def test_pages_of_our_own_open_for_the_listed_permissions(rows, endpoint):
    client, url = browser(person(*NEEDS[endpoint])), filled_in(endpoint, rows)
    shown = client.get(url).status_code
    leads_on = shown == 302 and endpoint.startswith("/admin/requests/")
    # A button leads back to its page.
    assert shown == 200 or leads_on or (shown == 405 and client.post(url).status_code == 302)


def of_row(meta, text):
    return text.replace("{app}", meta.app_label).replace("{model}", meta.model_name)


@pytest.mark.parametrize(("meta", "page"), ROW_PAGES, ids=str)
def test_pages_of_rows_are_closed_to_staff_with_all_permissions_but_those(rows, meta, page):
    url = filled_in(of_row(meta, page), rows)
    four = [
        f"{meta.app_label}.{verb}_{meta.model_name}" for verb in ("view", "add", "change", "delete")
    ]
    assert is_closed(browser(person(lacks=four)), url)


@pytest.mark.parametrize(("meta", "page"), ROW_PAGES, ids=str)
def test_pages_of_rows_open_for_the_listed_permission(rows, boss, meta, page):
    path = of_row(meta, page)
    url = filled_in(path, rows)
    holder = person(*NEEDS.get(path, (of_row(meta, PAGES_OF_ROWS[page]),)))
    as_superuser = browser(boss).get(url).status_code
    assert browser(holder).get(url).status_code == as_superuser
    assert as_superuser in {200, 302, 403}  # some are for nobody


def entries(client):
    """The titles of the side bar, and where it and the tabs lead to."""
    context = client.get(reverse("admin:index")).context
    items = [item for item in context["sidebar_navigation"][0]["items"] if item["has_permission"]]
    tabs = [item for tab in context["tab_list"] for item in tab["items"] if item["has_permission"]]
    return {item["title"] for item in items}, {item["link"] for item in (*items, *tabs)}


@pytest.mark.parametrize(
    ("permissions", "titles"),
    [
        ((), set()),
        (("proxy.view_live",), {"Requests"}),
        (("usage.view_usagerow",), {"Usage", "Requests"}),
        (("connections.view_connection",), {"Connections"}),
        (("models_registry.view_registeredmodel",), {"Models"}),
    ],
)
def test_the_side_bar_shows_what_one_may_open(permissions, titles):
    client = browser(person(*permissions))
    shown, urls = entries(client)
    assert shown == {"Overview", *titles}
    assert {client.get(url).status_code for url in urls} == {200}


@pytest.mark.parametrize(
    ("permissions", "has_button"), [(("proxy.view_live",), False), (NEEDS[END_REQUEST], True)]
)
def test_the_live_view_has_buttons_for_those_who_may_end(permissions, has_button):
    page = browser(person(*permissions)).get(reverse("live")).content
    assert (b"data-end" in page) is has_button


def key_form(user, *scopes):
    return {"user": user.pk, "name": "x", "scopes": scopes or ("inference",)}


ADD_KEY = "/admin/accounts/apikey/add/"
MAY_MAKE = ("accounts.add_apikey", "accounts.change_apikey", "accounts.view_apikey")
MAY_EDIT = ("accounts.change_user", "accounts.delete_user", "auth.change_group")


@pytest.fixture
def maker():
    return person(*MAY_MAKE, name="maker")


@pytest.fixture(params=["superuser", "staff", "permission", "by a group", "inactive"])
def superior(request):
    """Somebody who may do, or may come to do, what the makers of keys may not."""
    user = User.objects.create_user("superior", password="superior-pass-1")
    wanted = permission("connections.change_connection")
    match request.param:
        case "superuser":
            user.is_superuser = True
        case "staff":
            user.is_staff = True
        case "permission":
            user.user_permissions.add(wanted)
        case "by a group":
            group = Group.objects.create(name="editors")
            group.permissions.add(wanted)
            user.groups.add(group)
        case "inactive":
            user.is_superuser, user.is_active = True, False
    user.save()
    return user


@pytest.mark.parametrize("scopes", [("inference",), ("admin",), ("inference", "admin")])
def test_no_key_is_made_for_somebody_with_more_rights(maker, superior, scopes):
    answer = browser(maker).post(ADD_KEY, key_form(superior, *scopes), follow=True)
    assert "key" not in (answer.context or {})
    assert not ApiKey.objects.exists()


def test_no_secret_of_somebody_with_more_rights_is_shown(maker, superior):
    row, _ = ApiKey.objects.issue(superior)
    rotate = reverse("admin:accounts_apikey_rotate", args=[row.pk])
    assert browser(maker).post(rotate, {"overlap_hours": "1"}).status_code == 403
    assert ApiKey.objects.get().digest == row.digest


def test_no_key_of_somebody_with_more_rights_is_widened(maker, superior):
    row, _ = ApiKey.objects.issue(superior, model_patterns=["a"])
    ApiKey.objects.update(expires_at="2999-01-01T00:00:00Z")
    form = {"name": "new", "scopes": ["inference", "admin"], "is_resumable": "on"}
    form |= {"model_patterns": "", "expires_at_0": "", "expires_at_1": ""}
    browser(maker).post(reverse("admin:accounts_apikey_change", args=[row.pk]), form)
    row = ApiKey.objects.get()
    assert (row.scopes, row.model_patterns, row.is_resumable) == (["inference"], ["a"], False)
    assert row.expires_at is not None


def test_ones_own_key_for_administration_reaches_as_far_as_oneself(maker):
    answer = browser(maker).post(ADD_KEY, key_form(maker, "admin"), follow=True)
    assert answer.context["key"]
    assert ApiKey.objects.get().user == maker


def test_a_key_left_from_better_times_is_shown_to_nobody_else(maker, bob):
    row, _ = ApiKey.objects.issue(bob)
    ApiKey.objects.update(scopes=["admin"])  # bob was staff once, and may be again
    rotate = reverse("admin:accounts_apikey_rotate", args=[row.pk])
    assert browser(maker).post(rotate, {"overlap_hours": "1"}).status_code == 403


def test_keys_of_ordinary_users_are_made_and_rotated(maker, bob):
    client = browser(maker)
    assert client.post(ADD_KEY, key_form(bob), follow=True).context["key"]
    rotate = reverse("admin:accounts_apikey_rotate", args=[bob.api_keys.get().pk])
    assert client.post(rotate, {"overlap_hours": "1"}, follow=True).context["key"]


@pytest.mark.parametrize("visitor", ["powerless", "with all permissions"])
def test_a_new_key_is_shown_to_no_other_browser(maker, bob, boss, visitor):
    page = browser(maker).post(ADD_KEY, key_form(bob))["location"]
    answer = browser(boss if visitor != "powerless" else person(name=visitor)).get(page)
    assert answer.status_code == (403 if visitor == "powerless" else 200)
    assert not (answer.context or {}).get("key")


@pytest.fixture
def editor():
    return person("accounts.view_user", "auth.view_group", *MAY_EDIT, name="editor")


def test_nobody_with_more_rights_is_edited(editor, superior):
    client = browser(editor)
    before = User.objects.values().get(pk=superior.pk)
    change = reverse("admin:accounts_user_change", args=[superior.pk])
    password = reverse("admin:auth_user_password_change", args=[superior.pk])
    delete = reverse("admin:accounts_user_delete", args=[superior.pk])
    passwords = {"password1": "another-pass-1", "password2": "another-pass-1"}
    assert client.post(change, {"username": "x", "is_active": "on"}).status_code == 403
    assert client.post(password, passwords | {"usable_password": "true"}).status_code == 403
    assert client.post(delete, {"post": "yes"}).status_code == 403
    for action in ("activate_selected", "remove_second_factors", "delete_selected"):
        form = {"action": action, "_selected_action": [superior.pk], "post": "yes"}
        client.post(reverse("admin:accounts_user_changelist"), form)
    assert User.objects.values().get(pk=superior.pk) == before


@pytest.mark.parametrize("target", ["bob", "editor"])
def test_nobody_is_given_rights_not_even_ones_own(editor, bob, target):
    user = {"bob": bob, "editor": editor}[target]
    group = Group.objects.create(name="any")
    before = (user.is_staff, set(user.user_permissions.all()))
    form = {"username": user.username, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    form |= {"groups": group.pk, "user_permissions": permission("accounts.view_user").pk}
    browser(editor).post(reverse("admin:accounts_user_change", args=[user.pk]), form)
    user.refresh_from_db()
    assert (user.is_staff, set(user.user_permissions.all())) == before
    assert not user.is_superuser
    assert not user.groups.exists()


@pytest.mark.parametrize("page", ["change", "delete"])
def test_a_group_with_more_rights_is_neither_renamed_nor_deleted(page):
    """A provider's claim names groups: one that is renamed gets whom the claim names."""
    client = browser(person("auth.change_group", "auth.delete_group", "auth.view_group"))
    group = Group.objects.create(name="editors")
    group.permissions.add(permission("connections.change_connection"))
    url = reverse(f"admin:auth_group_{page}", args=[group.pk])
    assert client.post(url, {"name": "everybody", "post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
    client.post(reverse("admin:auth_group_changelist"), form)
    assert Group.objects.get().name == "editors"


def test_a_group_within_ones_rights_is_renamed_and_keeps_its_permissions():
    client = browser(person("auth.change_group", "auth.view_group"))
    group = Group.objects.create(name="team")
    group.permissions.add(permission("auth.view_group"))
    form = {"name": "crew", "permissions": permission("connections.change_connection").pk}
    client.post(reverse("admin:auth_group_change", args=[group.pk]), form)
    group.refresh_from_db()
    assert (group.name, [p.codename for p in group.permissions.all()]) == ("crew", ["view_group"])


def test_buttons_of_connections_do_nothing_without_the_permission(rows):
    """Also where they are pressed by hand, with permission to see the list."""
    client = browser(person("connections.view_connection"))
    connection = rows["connections.Connection"]
    for action in ("enable_selected", "disable_selected", "verify_selected", "delete_selected"):
        form = {"action": action, "_selected_action": [connection.pk], "post": "yes"}
        client.post(reverse("admin:connections_connection_changelist"), form)
    change = reverse("admin:connections_connection_change", args=[connection.pk])
    form = {"name": "mine", "connections_connection_save_and_verify": "1"}
    assert client.post(change, form).status_code == 403
    connection.refresh_from_db()
    assert (connection.name, connection.is_enabled) == ("one", True)
    assert not hasattr(connection, "last_verification")

"""The side bar and the tabs: what they lead to, for whom, and what they mark."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connections.models import Connection

pytestmark = pytest.mark.django_db
HOME = reverse("admin:index")
EVERYTHING = ["Overview", "Requests", "Usage", "Connections", "Models", "People", "Settings"]


def staff(*permissions):
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def entries(client, url=HOME):
    groups = client.get(url).context["sidebar_navigation"]
    return {item["title"]: item for item in groups[0]["items"]}


def test_there_are_seven_entries(admin_client):
    assert list(entries(admin_client)) == EVERYTHING


def test_each_entry_and_each_tab_leads_to_a_page(admin_client):
    context = admin_client.get(HOME).context
    items = [item for group in context["sidebar_navigation"] for item in group["items"]]
    items += [item for tab in context["tab_list"] for item in tab["items"]]
    answers = {item["link"]: admin_client.get(item["link"]).status_code for item in items}
    assert set(answers.values()) <= {200, 302}  # settings lead to their one form
    assert len(answers) > 15


@pytest.mark.parametrize(
    ("url", "title", "tab"),
    [
        ("admin:models_registry_models", "Models", "All models"),
        ("admin:models_registry_registeredmodel_changelist", "Models", "Overrides"),
        ("admin:usage_usagerow_changelist", "Requests", "All requests"),
        ("live", "Requests", "Live"),
        ("usage_charts", "Usage", "Usage"),
        ("admin:usage_price_changelist", "Usage", "Prices"),
        ("admin:auth_group_changelist", "People", "Groups"),
        ("speech_cache", "Settings", "Speech cache"),
    ],
)
def test_the_open_page_is_marked_in_the_side_bar_and_in_its_tabs(admin_client, url, title, tab):
    answer = admin_client.get(reverse(url))
    groups = answer.context["sidebar_navigation"]
    assert [i["title"] for g in groups for i in g["items"] if i["active"]] == [title]
    shown = answer.content.decode().partition('id="tabs-items"')[2].partition("</nav>")[0]
    assert f'class="active" >\n                        {tab}\n' in shown


def test_a_form_marks_its_entry(admin_client):
    row = Connection.objects.create(name="one", base_url="https://one.example/v1")
    url = reverse("admin:connections_connection_change", args=[row.pk])
    assert entries(admin_client, url)["Connections"]["active"] is True
    assert entries(admin_client, url)["Overview"]["active"] is False


def test_a_page_beside_the_tabs_marks_its_entry(admin_client):
    url = f"{reverse('model_page')}?id=gpt-4o"
    assert [title for title, item in entries(admin_client, url).items() if item["active"]] == [
        "Models"
    ]


def test_an_entry_leads_to_the_first_page_that_one_may_see():
    client = staff("view_group", "view_price")
    found = entries(client)
    assert list(found) == ["Overview", "Usage", "People"]
    assert found["Usage"]["link"] == reverse("admin:usage_price_changelist")
    assert found["People"]["link"] == reverse("admin:auth_group_changelist")


def test_no_badge_is_shown_where_nothing_waits(admin_client):
    assert "badge" not in entries(admin_client)["Connections"]


def test_an_empty_list_says_so_and_what_comes_next(admin_client):
    address = reverse("admin:connections_connection_changelist")
    page = admin_client.get(address).content.decode()
    assert "There is no connection yet." in page
    assert "Show all" not in page
    searched = admin_client.get(address, {"q": "nothing"}).content.decode()
    assert "No connection fits." in searched
    assert '<a href="?"' in searched

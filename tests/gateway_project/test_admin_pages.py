"""The pages of the admin that are our own."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import unfold
from django.contrib.auth.models import Group
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from accounts.models import User
from connections.models import Connection
from tests.support.environment import ROOT

THEME = Path(unfold.__file__).parent
TEMPLATES = sorted(
    path
    for path in (ROOT / "templates/admin").rglob("*.html")
    if not (THEME / path.relative_to(ROOT)).exists()  # test_theme_templates.py holds the copies
)
STATIC = [
    THEME / "static/unfold/css/styles.css",
    *ROOT.glob("*/static/**/*.css"),
    *ROOT.glob("*/static/**/*.js"),  # classes that scripts look for need no style
]
CLASSES = re.compile(r'class="([^"{]*)"')


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_class_is_one_that_the_theme_has_compiled(template: Path) -> None:
    known = "".join(path.read_text() for path in STATIC).replace("\\", "")
    used = set(" ".join(CLASSES.findall(template.read_text())).split())
    assert {name for name in used if name not in known} == set()


def test_times_are_short_sort_as_they_read_and_name_their_zone() -> None:
    moment = datetime(2026, 3, 4, 17, 5, tzinfo=UTC)
    assert date_format(moment, "DATETIME_FORMAT") == "2026-03-04 17:05 UTC"


@pytest.mark.django_db
def test_each_page_names_the_zone_of_its_times(admin_client: Client, settings) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    user = User.objects.create(username="ada", last_login=datetime(2026, 3, 4, 17, 5, tzinfo=UTC))
    page = admin_client.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert "Times are in Asia/Tokyo." in page
    assert "2026-03-05 02:05 JST" in page
    form = admin_client.get(reverse("admin:accounts_user_change", args=[user.pk]))
    assert "Times are in Asia/Tokyo." in form.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_names_are_written_as_they_are(admin_client: Client, page: str) -> None:
    connection = Connection.objects.create(name="azure-eu", base_url="https://one.example/v1")
    url = reverse(f"admin:connections_connection_{page}", args=[connection.pk])
    text = admin_client.get(url).content.decode()
    assert "azure-eu" in text
    assert "Azure-eu" not in text
    assert re.search(r">\s*Connections\s*</a\s*>", text)


def test_titles_of_pages_are_written_as_they_are() -> None:
    parts = [{"title": "models", "link": "/"}, {"title": "gpt-4o"}]
    words = render_to_string("unfold/helpers/header_title.html", {"parts": parts}).split()
    assert "Models" in words
    assert "gpt-4o" in words


def test_labels_are_written_as_they_are() -> None:
    text = render_to_string("unfold/helpers/label.html", {"text": "404 model_not_found"})
    assert "404 model_not_found" in text
    assert "uppercase" not in text


@pytest.mark.parametrize(("value", "word"), [(True, "Yes"), (False, "No"), (None, "Unknown")])
def test_a_fact_is_a_word_and_never_red(value: bool | None, word: str) -> None:
    text = render_to_string("unfold/helpers/boolean.html", {"value": value})
    assert f">{word}</span>" in text
    assert "red" not in text


@pytest.mark.django_db
def test_a_row_of_a_list_is_light(admin_client: Client) -> None:
    """The theme writes 5 KB for each."""
    url = reverse("admin:accounts_user_changelist")

    def size_with(number: int) -> int:
        for n in range(User.objects.count(), number):
            User.objects.create(username=f"user-{n:02}", email=f"user-{n}@example.com")
        return len(admin_client.get(url).content)

    few = size_with(10)
    assert (size_with(50) - few) / 40 < 1500


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["auth_group", "accounts_user"])
def test_permissions_are_searched(admin_client: Client, admin_user: User, model: str) -> None:
    pk = admin_user.pk if model == "accounts_user" else Group.objects.create(name="team").pk
    url = reverse(f"admin:{model}_change", args=[pk])
    text = admin_client.get(url, {"edit": 1}).content.decode()
    (field,) = re.findall(r'<select name="(?:user_)?permissions"[^>]*>', text)
    assert "unfold-admin-autocomplete" in field

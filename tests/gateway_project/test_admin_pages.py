"""The pages of the admin that are our own."""

import re
from datetime import datetime
from pathlib import Path

import pytest
import unfold
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from accounts.models import User
from tests.support.environment import ROOT

TEMPLATES = sorted((ROOT / "templates/admin").rglob("*.html"))
STATIC = [
    Path(unfold.__file__).parent / "static/unfold/css/styles.css",
    *ROOT.glob("*/static/**/*.css"),
    *ROOT.glob("*/static/**/*.js"),  # classes that scripts look for need no style
]
CLASSES = re.compile(r'class="([^"{]*)"')


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_class_is_one_that_the_theme_has_compiled(template: Path) -> None:
    known = "".join(path.read_text() for path in STATIC).replace("\\", "")
    used = set(" ".join(CLASSES.findall(template.read_text())).split())
    assert {name for name in used if name not in known} == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("admin:models_registry_models", "All models"),
        ("admin:models_registry_registeredmodel_changelist", "Registered models"),
        ("admin:models_registry_registeredmodel_add", "Registered models"),
    ],
)
def test_one_entry_of_the_side_bar_is_marked(admin_client: Client, url: str, title: str) -> None:
    groups = admin_client.get(reverse(url)).context["sidebar_navigation"]
    active = [item["title"] for group in groups for item in group["items"] if item["active"]]
    assert active == [title]


def test_times_are_short_and_sort_as_they_read() -> None:
    moment = datetime(2026, 3, 4, 17, 5)  # noqa: DTZ001 - as it is shown
    assert date_format(moment, "DATETIME_FORMAT") == "2026-03-04 17:05"


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["auth_group", "accounts_user"])
def test_permissions_are_searched(admin_client: Client, admin_user: User, model: str) -> None:
    pk = admin_user.pk if model == "accounts_user" else Group.objects.create(name="team").pk
    text = admin_client.get(reverse(f"admin:{model}_change", args=[pk])).content.decode()
    (field,) = re.findall(r'<select name="(?:user_)?permissions"[^>]*>', text)
    assert "unfold-admin-autocomplete" in field

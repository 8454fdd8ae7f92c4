"""The address of a form for a new row may fill in its fields, and does no harm where it cannot."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db

NONSENSE = ("abc", "²", "9" * 30, "9" * 5000, "2026-01-01", "\0", "")
GROUP = reverse("admin:models_registry_modelgrant_add")


@pytest.mark.parametrize("text", NONSENSE, ids=lambda text: repr(text[:12]))
def test_no_value_breaks_a_form(admin_client: Client, rf, admin_user, text: str) -> None:
    request = rf.get("/")
    request.user = admin_user
    pages = [page for page in admin.site._registry.values() if page.has_add_permission(request)]
    assert len(pages) > 8
    for page in pages:
        opts = page.opts
        names = [*page.get_form(request).base_fields, *(field.name for field in opts.get_fields())]
        url = reverse(f"admin:{opts.app_label}_{opts.model_name}_add")
        asked = urlencode(dict.fromkeys(names, text))
        # SQLite takes no integer of more than 64 bits, which is told.
        assert admin_client.get(f"{url}?{asked}").status_code in (200, 400), url


def test_what_a_field_takes_is_filled_in(admin_client: Client) -> None:
    group = Group.objects.create(name="team")
    page = admin_client.get(GROUP, {"group": group.pk, "user": "abc", "pattern": "o3"})
    form = page.context["adminform"].form
    assert form.initial == {"group": str(group.pk), "pattern": "o3"}

"""No filter of an admin's list tells, character by character, a secret that its rows hold."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Field, Model
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connections.models import Connection
from tests.security.canaries import HEADER_SECRET

SECRETS = {"headers", "password"}
PARTS = ("ciphertext", "digest", "secret")

admin.autodiscover()


def is_secret(field: Field) -> bool:
    return field.name in SECRETS or any(part in field.name for part in PARTS)


def secrets_of_lists() -> list[tuple[type[Model], str]]:
    return [
        (model, field.name)
        for model in admin.site._registry
        for field in model._meta.concrete_fields
        if is_secret(field)
    ]


def test_there_are_secrets():
    assert {name for _, name in secrets_of_lists()} == {
        "digest",
        "headers",
        "password",
        "proxy_ciphertext",
    }


@pytest.mark.parametrize(("model", "name"), secrets_of_lists(), ids=str)
@pytest.mark.parametrize(
    "lookup", ["", "__startswith", "__icontains", "__regex", "__X__startswith"]
)
def test_no_list_is_filtered_by_a_secret(rf, model, name, lookup):
    page = admin.site._registry[model]
    assert not page.lookup_allowed(f"{name}{lookup}", "x", rf.get("/"))


@pytest.mark.django_db
@pytest.mark.parametrize("lookup", ["headers__X-A__startswith", "headers__icontains"])
def test_whoever_sees_connections_cannot_guess_a_header(client: Client, lookup: str) -> None:
    Connection.objects.create(
        name="one", base_url="https://one.example/v1", headers={"X-A": HEADER_SECRET}
    )
    user = User.objects.create_user("viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_connection"))
    client.force_login(user)
    page = client.get(
        reverse("admin:connections_connection_changelist"), {lookup: HEADER_SECRET[:4]}
    )
    assert page.status_code == 400

from __future__ import annotations

import html

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, User
from connections.models import Connection
from connections.models.key_source import KeySource
from tests.limits.builders import make_limit

pytestmark = pytest.mark.django_db


def test_deletion_tells_which_limits_go_along(admin_client: Client) -> None:
    ada = User.objects.create_user("ada")
    key, _ = ApiKey.objects.issue(ada)
    team = Group.objects.create(name="team")
    one = Connection.objects.create(name="one", base_url="https://one.example/v1")
    one.replace_keys([KeySource.parse("env:ONE")])
    subjects = {"group": team, "user": ada, "key": key, "connection": one}
    for kind, row in {**subjects, "connection_key": one.keys.get()}.items():
        make_limit(f"of {kind}", subject_kind=kind, **{kind: row})
    expected = {"user": ["user", "key"], "connection": ["connection", "connection_key"]}
    for kind, row in subjects.items():
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_delete"
        told = html.unescape(admin_client.get(reverse(name, args=[row.pk])).content.decode())
        for gone in expected.get(kind, [kind]):
            assert f"The limit of {gone} (20 requests a day" in told
        assert told.count("is deleted, too, with what it has counted") == len(
            expected.get(kind, [kind])
        )

"""Every field of a registered model, a grant and the switches reaches all places that know it.

A field that is new to one of these models fails here until it is in a file and in the admin.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connections.configuration.options import Options, effective_options
from connections.models import Connection, GatewaySettings
from gateway_project.config_file.applying import apply_document
from gateway_project.config_file.document import read_document
from gateway_project.config_file.exporting import export_document
from models_registry.models import ModelGrant, RegisteredModel
from models_registry.registration import Registration

pytestmark = pytest.mark.django_db

# For each field something else than its default, and its name in files.
OF_A_MODEL: dict[str, tuple[str, Any]] = {
    "public_id": ("alias", "fast"),
    "display_name": ("name", "Fast"),
    "description": ("description", "For drafts."),
    "family": ("family", "reasoning"),
    "family_facts": ("family_facts", {"like": "gpt-5", "max_output_tokens": 9}),
    "default_parameters": ("defaults", {"temperature": 0.2}),
    "tags": ("tags", ["draft", "eu"]),
    "is_hidden": ("hidden", True),
    "order": ("order", 3),
}
NAMING_A_MODEL = {"id", "connection_id", "model", "created_at"}
ON_THE_REQUEST_PATH = {"family": "is_reasoning"}  # where a registration has another name
SWITCHES: dict[str, Any] = {
    "enable_openai_api": False,
    "bypass_model_access_control": True,
    "models_cache_ttl": 2.5,
    "forward_user_info_headers": True,
}
GRANTEES: dict[str, dict[str, Any]] = {
    "group": {"groups": ["team"]},
    "user": {"users": ["alice"]},
    "everyone": {"everyone": True},
}


@pytest.fixture(autouse=True)
def connection() -> Connection:
    return Connection.objects.create(name="one", base_url="https://one.example/v1")


def import_file(**sections: Any) -> None:
    apply_document(read_document(yaml.safe_dump(sections)))


def exported() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(export_document(with_secrets=True).content)
    return document


def test_every_field_has_a_value_that_is_not_its_default() -> None:
    concrete = {each.attname for each in RegisteredModel._meta.concrete_fields}
    plain = RegisteredModel()

    assert concrete == OF_A_MODEL.keys() | NAMING_A_MODEL
    assert [name for name, (_, value) in OF_A_MODEL.items() if getattr(plain, name) == value] == []


@pytest.mark.parametrize("name", OF_A_MODEL)
def test_admin_form_saves_what_is_said_of_a_model(
    admin_client: Client, connection: Connection, name: str
) -> None:
    value = OF_A_MODEL[name][1]
    written = "\n".join(value) if isinstance(value, list) else value
    data = {"connection": connection.pk, "model": "m", "family": "auto", name: written}
    data |= {name: json.dumps(value)} if isinstance(value, dict) else {}

    answer = admin_client.post(reverse("admin:models_registry_registeredmodel_add"), data)

    assert answer.status_code == 302
    assert getattr(RegisteredModel.objects.get(), name) == value


@pytest.mark.parametrize("name", OF_A_MODEL)
def test_file_says_it_of_a_model_and_export_gives_it_back(name: str) -> None:
    in_files, value = OF_A_MODEL[name]
    entry = {"connection": "one", "model": "m", in_files: value}

    import_file(models=[entry])

    assert getattr(RegisteredModel.objects.get(), name) == value
    assert exported()["models"] == [entry]


@pytest.mark.parametrize("name", OF_A_MODEL)
def test_registration_carries_it(name: str) -> None:
    before = RegisteredModel().registration()
    after = RegisteredModel(**{name: OF_A_MODEL[name][1]}).registration()

    differing = {
        each.name
        for each in fields(Registration)
        if getattr(before, each.name) != getattr(after, each.name)
    }
    assert differing == {ON_THE_REQUEST_PATH.get(name, name)}


def test_grant_is_a_pattern_and_one_of_its_grantees() -> None:
    concrete = {each.name for each in ModelGrant._meta.concrete_fields}

    assert concrete == {"id", "pattern", "created_at"} | GRANTEES.keys()


@pytest.mark.parametrize("kind", GRANTEES)
def test_file_grants_and_export_gives_it_back(kind: str) -> None:
    User.objects.create_user("alice")
    Group.objects.create(name="team")
    entry = {"models": ["gpt-*"]} | GRANTEES[kind]

    import_file(grants=[entry])

    assert getattr(ModelGrant.objects.get(), kind)
    assert exported()["grants"] == [entry]


def test_every_switch_is_here_and_on_the_request_path() -> None:
    concrete = {each.name for each in GatewaySettings._meta.concrete_fields}

    assert concrete - {"id"} == SWITCHES.keys() == {each.name for each in fields(Options)}


@pytest.mark.parametrize("name", SWITCHES)
def test_file_sets_a_switch_and_export_gives_it_back(name: str) -> None:
    import_file(settings={name: SWITCHES[name]})

    assert getattr(effective_options(), name) == SWITCHES[name]
    assert exported()["settings"] == {name: SWITCHES[name]}

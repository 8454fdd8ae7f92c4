"""What an admin says about single models: in the admin, in files, and to upstreams."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from connections.configuration.difference import Kind
from connections.configuration.entry import EntryError
from connections.models import Connection
from models_registry.models import RegisteredModel
from models_registry.registration import AS_LISTED, Registration
from models_registry.spec import RegisteredModelSpec
from tests.support.builders import a_target

ADD = reverse("admin:models_registry_registeredmodel_add")
ENTRY = {"connection": "one", "model": "m", "alias": "fast", "defaults": {"temperature": 0.2}}


@pytest.fixture
def connection(db) -> Connection:
    return Connection.objects.create(name="one", base_url="https://one.example/v1")


def form(connection: Connection, **fields: object) -> dict[str, object]:
    return {"connection": connection.pk, "model": "m", "family": "auto"} | fields


def test_a_model_is_registered_in_the_admin(admin_client: Client, connection) -> None:
    fields = {"public_id": "fast", "default_parameters": '{"temperature": 0}', "tags": "a\nb"}
    answer = admin_client.post(ADD, form(connection, **fields))
    assert answer.status_code == 302
    row = RegisteredModel.objects.get()
    assert (row.public_id, row.default_parameters) == ("fast", {"temperature": 0})
    assert (row.tags, row.order, row.is_hidden) == (["a", "b"], None, False)


def test_only_connection_and_model_are_needed(admin_client: Client, connection) -> None:
    assert admin_client.post(ADD, form(connection)).status_code == 302
    assert RegisteredModel.objects.get().registration() == AS_LISTED


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"public_id": "fast*"}, "cannot hold a *"),
        ({"public_id": "../x"}, "not a valid model id"),
        ({"model": "a\\b"}, "not a valid model id"),
        ({"default_parameters": "[1]"}, "Enter a JSON object"),
        ({"default_parameters": '{"model": "other"}'}, "cannot be set for model"),
        ({"default_parameters": '{"stream": true, "messages": []}'}, "messages, stream"),
        ({"default_parameters": '{"x": "%s"}' % ("y" * 20_000)}, "longer than"),
    ],
)
def test_what_cannot_be_is_a_form_error(
    admin_client: Client, connection, fields: dict, words: str
) -> None:
    page = admin_client.post(ADD, form(connection, **fields))
    assert words in page.content.decode()
    assert not RegisteredModel.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"model": "n", "public_id": "fast"}])
def test_a_model_or_an_alias_twice_is_a_form_error(
    admin_client: Client, connection, fields: dict
) -> None:
    RegisteredModel.objects.create(connection=connection, model="m", public_id="fast")
    page = admin_client.post(ADD, form(connection, **fields)).content.decode()
    assert "registered already" in page or "has this public id" in page
    assert RegisteredModel.objects.count() == 1


@pytest.mark.parametrize("fields", [{"model": ""}, {"family": "odd"}, {"model": "n"}])
def test_the_database_holds_the_rules_too(connection, fields: dict) -> None:
    RegisteredModel.objects.create(connection=connection, model="m", public_id="fast")
    row = {"connection": connection, "model": "x", "public_id": "fast"} | fields
    with pytest.raises(IntegrityError):
        RegisteredModel.objects.create(**row)


def test_a_list_of_rows_costs_no_query_for_each(
    admin_client: Client, connection, django_assert_max_num_queries
) -> None:
    for number in range(30):
        RegisteredModel.objects.create(connection=connection, model=f"m-{number}")
    with django_assert_max_num_queries(12):
        admin_client.get(reverse("admin:models_registry_registeredmodel_changelist"))


def test_a_file_entry_becomes_a_row_and_back(connection) -> None:
    spec = RegisteredModelSpec.from_dict(ENTRY)
    assert spec.upsert().kind is Kind.ADDED
    assert spec.upsert().kind is Kind.UNCHANGED
    assert RegisteredModelSpec.of(RegisteredModel.objects.get()).to_dict() == ENTRY
    changed = RegisteredModelSpec.from_dict(ENTRY | {"hidden": True, "alias": None})
    difference = changed.upsert()
    assert (difference.kind, difference.details) == (Kind.CHANGED, ("alias", "hidden"))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"connection": None}, "connection"),
        ({"model": 5}, "model"),
        ({"alias": "a*"}, "alias"),
        ({"family_facts": {"colour": "red"}}, "family_facts"),
        ({"family_facts": {"efforts": "low"}}, "family_facts"),
        ({"family": "odd"}, "family"),
        ({"defaults": []}, "defaults"),
        ({"defaults": {"since": date(2026, 1, 1)}}, "defaults"),
        ({"defaults": {"x": float("nan")}}, "defaults"),
        ({"hidden": "yes"}, "hidden"),
        ({"order": -1}, "order"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_entry_names_its_field(fields: dict, field: str) -> None:
    with pytest.raises(EntryError) as caught:
        RegisteredModelSpec.from_dict(ENTRY | fields)
    assert caught.value.field == field


def test_a_connection_that_is_not_there_is_named(db) -> None:
    with pytest.raises(EntryError, match="model one/m: connection is the name of no connection"):
        RegisteredModelSpec.from_dict(ENTRY).upsert()


def test_two_aliases_alike_within_a_connection_are_refused(connection) -> None:
    RegisteredModelSpec.from_dict(ENTRY).upsert()
    with pytest.raises(EntryError, match="has this public id"):
        RegisteredModelSpec.from_dict(ENTRY | {"model": "n"}).upsert()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {"temperature": 0.2, "max_tokens": 9}),
        ({"temperature": 1}, {"temperature": 1, "max_tokens": 9}),
        ({"temperature": None}, {"temperature": None, "max_tokens": 9}),
        ({"max_completion_tokens": 5}, {"max_completion_tokens": 5, "temperature": 0.2}),
    ],
)
def test_defaults_are_sent_where_the_client_gave_none(given: dict, sent: dict) -> None:
    registration = Registration(default_parameters={"temperature": 0.2, "max_tokens": 9})
    before = dict(given)
    assert registration.with_defaults(given) == sent
    assert given == before


def test_a_body_without_defaults_is_not_copied() -> None:
    body = {"model": "m"}
    assert a_target().body(body, "chat/completions") is body


@pytest.mark.parametrize(("endpoint", "is_sent"), [("embeddings", True), ("responses", False)])
def test_defaults_stay_out_of_apis_with_other_parameters(endpoint: str, is_sent: bool) -> None:
    target = replace(a_target(), registration=Registration(default_parameters={"x": 1}))
    assert ("x" in target.body({}, endpoint)) is is_sent


def test_a_pattern_is_no_alias() -> None:
    with pytest.raises(ValidationError):
        RegisteredModel(model="m", public_id="a*").clean_fields(exclude={"connection"})

"""Every field of a connection reaches each place that has to know it.

A field that is new to the model fails here until it has a value in ``VALUES`` and a place, or the
reason why it has none, everywhere else.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from audio.speech_request import SpeechRequest
from connections.calling.resolve import resolve
from connections.configuration.environment_sync import sync_environment
from connections.configuration.open_webui_config import current_document, update
from connections.configuration.stored_headers import HIDDEN
from connections.models import Connection
from connections.upstream import Upstream
from gateway_project.config_file.applying import apply_document
from gateway_project.config_file.document import read_document
from gateway_project.config_file.exporting import export_document
from models_registry.listings import cache_key
from tests.support.builders import a_target
from tests.support.environment import ROOT

pytestmark = pytest.mark.django_db
URL = "https://one.example/v1"
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text()

# For each field something else than its default, or than what a plain connection here has.
VALUES: dict[str, Any] = {
    "name": "other",
    "provider": "openai",
    "base_url": "https://other.example/v2",
    "is_enabled": False,
    "priority": 3,
    "auth_type": "none",
    "auth_scope": "https://ai.azure.com/.default",
    "forward_cookies": True,
    "shares_account_objects": True,
    "costs_nothing": True,
    "api_version": "2024-10-21",
    "api_type": "responses",
    "model_ids": ["gpt-4o", "m-2"],
    "prefix_id": "team",
    "tags": ["eu", "fast"],
    "connection_type": "internal",
    "headers": {"X-Team": "search"},
    "verify_tls": "false",
    "timeout_seconds": 7,
    "proxy": "http://proxy.example:3128",
}
# What a value needs beside it.
BESIDES: dict[str, dict[str, Any]] = {"forward_cookies": {"auth_type": "session"}}
KEPT_BY_THE_GATEWAY = {
    "id",
    "url_index",
    "is_from_environment",
    "created_at",
    "updated_at",
    "proxy_ciphertext",
}

# Configuration files write a field as the model has it, except for these.
NAMES_IN_FILES = {"is_enabled": "enabled"}
VALUES_IN_FILES = {"verify_tls": False}

OPEN_WEBUI = {
    "is_enabled": "enable",
    "provider": "provider",
    "auth_type": "auth_type",
    "shares_account_objects": "shares_account_objects",
    "api_version": "api_version",
    "api_type": "api_type",
    "model_ids": "model_ids",
    "prefix_id": "prefix_id",
    "tags": "tags",
    "connection_type": "connection_type",
    "headers": "headers",
}
NOT_IN_OPEN_WEBUI = {
    "name": "its connections have none",
    "base_url": "stands in a list of its own",
    "priority": "its order of connections is that of its list",
    "auth_scope": "it has no such field, and GATEWAY_ENTRA_SCOPE serves for all",
    "forward_cookies": "a superuser, a file or a command says that cookies are passed on",
    "costs_nothing": "it tries no request a second time",
    "verify_tls": "AIOHTTP_CLIENT_SESSION_SSL says it for all",
    "timeout_seconds": "AIOHTTP_CLIENT_TIMEOUT says it for all",
    "proxy": "GATEWAY_UPSTREAM_PROXY says it for all",
}
NOT_IN_UPSTREAM = {"is_enabled": "connections that are not enabled have no upstream"}
NOT_IN_LISTINGS = {
    "name": "the same upstream under another name lists the same",
    "is_enabled": "connections that are not enabled are not asked",
    "priority": "decides between connections, after they have listed",
    "auth_scope": "one that is wrong gets no list, and one that is right gets the same list",
    "forward_cookies": "the gateway asks by itself, without a caller's cookies",
    "shares_account_objects": "is about what callers name, not about models",
    "costs_nothing": "decides on second tries, and no list is paid for",
    "api_type": "chats are translated, lists are not",
    "model_ids": "chosen from the list after it was heard",
    "prefix_id": "put before the ids after they were heard",
    "tags": "shown beside what was heard",
    "connection_type": "shown beside what was heard",
    "verify_tls": "it is the same upstream, trusted for another reason",
    "timeout_seconds": "it is the same upstream, given another time",
    "proxy": "it is the same upstream, reached another way",
}
NOT_IN_SPEECH = {
    "name": "the same upstream under another name speaks the same",
    "provider": "what is at the same URL speaks in the same voice, however it is asked",
    "is_enabled": "connections that are not enabled are not asked",
    "priority": "decides between connections, and the digest has the connection that was chosen",
    "auth_type": "another credential opens the same voices",
    "auth_scope": "another token opens the same voices",
    "forward_cookies": "is_told_who_asks keeps users apart",
    "shares_account_objects": "is about what callers name, not about what is spoken",
    "costs_nothing": "decides on second tries, not on what is spoken",
    "api_type": "chats are translated, speech is not",
    "model_ids": "the digest has the upstream's own name of the model",
    "prefix_id": "the digest has the upstream's own name of the model",
    "tags": "only shown",
    "connection_type": "only shown",
    "verify_tls": "it is the same upstream, trusted for another reason",
    "timeout_seconds": "it is the same upstream, given another time",
    "proxy": "it is the same upstream, reached another way",
}

each_field = pytest.mark.parametrize("name", VALUES)


def plain(**fields: Any) -> Connection:
    return Connection(**{"name": "one", "base_url": URL, "url_index": 0, **fields})


def stored(**fields: Any) -> Connection:
    row = plain(**fields)
    row.save()
    return row


def changed(name: str) -> dict[str, Any]:
    return BESIDES.get(name, {}) | {name: VALUES[name]}


def fields_of(row: Connection) -> dict[str, Any]:
    return {name: getattr(row, name) for name in VALUES}


def entry_of(name: str) -> dict[str, Any]:
    """The connection with the field ``name`` changed, as a file writes it."""
    values = {"name": "one", "base_url": URL} | changed(name) | {name: VALUES[name]}
    values = {field: VALUES_IN_FILES.get(field, value) for field, value in values.items()}
    return {NAMES_IN_FILES.get(field, field): value for field, value in values.items()}


def import_file(content: str) -> list[str]:
    return [str(difference) for difference in apply_document(read_document(content))]


def test_every_field_has_a_value_that_is_not_its_default() -> None:
    concrete = {each.attname for each in Connection._meta.concrete_fields}

    assert concrete == VALUES.keys() | KEPT_BY_THE_GATEWAY
    assert [name for name, value in fields_of(plain()).items() if value == VALUES[name]] == []


@pytest.mark.parametrize(
    ("places", "reasons"),
    [(OPEN_WEBUI, NOT_IN_OPEN_WEBUI), ({}, NOT_IN_LISTINGS), ({}, NOT_IN_SPEECH)],
)
def test_no_table_names_a_field_that_is_not_there_or_twice(places: dict, reasons: dict) -> None:
    assert places.keys() | reasons.keys() <= VALUES.keys()
    assert not places.keys() & reasons.keys()


@each_field
def test_admin_form_saves_it(admin_client: Client, name: str) -> None:
    row = stored()
    wanted = fields_of(row) | changed(name)

    page = reverse("admin:connections_connection_change", args=[row.pk])
    answer = admin_client.post(page, posted(wanted))

    assert answer.status_code == 302
    assert fields_of(Connection.objects.get()) == wanted


def posted(fields: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends of a form with these ``fields``."""
    data: dict[str, Any] = {"keys-TOTAL_FORMS": 0, "keys-INITIAL_FORMS": 0}
    for name, value in fields.items():
        match value:
            case bool():
                data |= {name: "on"} if value else {}
            case dict():
                data |= {f"{name}_name": list(value), f"{name}_value": list(value.values())}
            case list():
                data[name] = "\n".join(value)
            case _:
                data[name] = "" if value is None else value
    return data


@each_field
def test_file_sets_it(name: str) -> None:
    import_file(yaml.safe_dump({"connections": [entry_of(name)]}))

    assert fields_of(Connection.objects.get()) == fields_of(plain()) | changed(name)


@each_field
def test_export_reads_back_to_it(name: str) -> None:
    stored(**changed(name))
    exported = export_document(with_secrets=True).content
    Connection.objects.all().delete()

    import_file(exported)

    assert yaml.safe_load(exported)["connections"][0].items() >= entry_of(name).items()
    assert fields_of(Connection.objects.get()) == fields_of(plain()) | changed(name)


@pytest.mark.parametrize("name", sorted(VALUES.keys() - {"name"}))
def test_import_tells_that_it_changes(name: str) -> None:
    stored(**BESIDES.get(name, {}))

    [told] = import_file(yaml.safe_dump({"connections": [entry_of(name)]}))

    assert re.match(rf"~ connection one: {NAMES_IN_FILES.get(name, name)} ", told)


@each_field
def test_document_explains_it(name: str) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    [listed] = re.findall(
        r"The fields of an entry of `OPENAI_API_CONFIGS` (.*?)\.", DOCUMENT, re.DOTALL
    )

    assert NAMES_IN_FILES.get(name, name) in yaml.safe_load(example)["connections"][0]
    assert name in NOT_IN_OPEN_WEBUI or f"`{OPEN_WEBUI[name]}`" in listed


@each_field
def test_environment_sets_it_where_open_webui_has_it(settings: Any, name: str) -> None:
    settings.OPENAI_API_BASE_URLS = [URL]
    settings.OPENAI_API_CONFIGS = {"0": {OPEN_WEBUI.get(name, name): VALUES[name]}}

    warnings = sync_environment().warnings

    is_set = getattr(Connection.objects.get(), name) == VALUES[name]
    assert is_set == (name not in NOT_IN_OPEN_WEBUI) == (not warnings)


@pytest.mark.parametrize("name", OPEN_WEBUI)
def test_open_webui_reads_and_writes_it(name: str) -> None:
    row = stored()
    config = {OPEN_WEBUI[name]: VALUES[name]}

    update({"OPENAI_API_BASE_URLS": [URL], "OPENAI_API_CONFIGS": {"0": config}})

    row.refresh_from_db()
    assert fields_of(row) == fields_of(plain()) | changed(name)
    shown = dict.fromkeys(VALUES[name], HIDDEN) if name == "headers" else VALUES[name]
    assert current_document()["OPENAI_API_CONFIGS"]["0"][OPEN_WEBUI[name]] == shown


@pytest.mark.parametrize("name", sorted(VALUES.keys() - OPEN_WEBUI.keys()))
def test_open_webui_leaves_alone_what_it_has_no_place_for(name: str) -> None:
    row = stored(**changed(name))
    before = fields_of(row)
    document = current_document()
    document["OPENAI_API_CONFIGS"]["0"]["enable"] = False

    update(document)

    row.refresh_from_db()
    assert fields_of(row) == before | {"is_enabled": False}


@each_field
def test_upstream_carries_it(name: str) -> None:
    before, after = upstreams(name)

    is_carried = getattr(before, name, None) != getattr(after, name, None)
    assert is_carried == (name not in NOT_IN_UPSTREAM)


@each_field
def test_change_is_another_listing(name: str) -> None:
    before, after = upstreams(name)

    assert (cache_key(before) != cache_key(after)) == (name not in NOT_IN_LISTINGS)


@each_field
def test_change_is_other_speech(name: str) -> None:
    before, after = (
        SpeechRequest.parse({"model": "tts", "input": "Hello"}).digest(a_target(each), "shared")
        for each in upstreams(name)
    )

    assert (before != after) == (name not in NOT_IN_SPEECH)


def upstreams(name: str) -> tuple[Upstream, Upstream]:
    """What the request path sees before and after the field ``name`` has changed."""
    beside = BESIDES.get(name, {})
    rows = plain(id=1, **beside), plain(id=1, **beside | changed(name))
    before, after = (resolve(row, keys=()) for row in rows)
    return before, after

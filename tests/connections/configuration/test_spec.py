from datetime import date

import pytest

from connections.configuration.entry import EntryError
from connections.configuration.spec import ConnectionSpec
from connections.models.key_source import KeySource

MINIMAL = {"name": "one", "base_url": "https://one.example/v1"}
COMPLETE = {
    "name": "azure",
    "provider": "azure",
    "base_url": "https://res.openai.azure.com",
    "keys": ["env:AZURE_KEY", "sk-literal"],
    "enabled": False,
    "priority": 3,
    "auth_type": "none",
    "api_version": "2024-10-21",
    "api_type": "responses",
    "model_ids": ["gpt-4o"],
    "prefix_id": "az",
    "tags": ["eu"],
    "connection_type": "internal",
    "headers": {"X-A": "1", "X-B": "{{USER_NAME}}"},
    "verify_tls": False,
    "timeout_seconds": 30,
    "shares_account_objects": True,
}


def problem_of(**changes):
    with pytest.raises(EntryError) as caught:
        ConnectionSpec.from_dict(MINIMAL | changes)
    return str(caught.value)


def test_complete_entry_comes_back_as_it_was():
    assert ConnectionSpec.from_dict(COMPLETE).to_dict() == COMPLETE


def test_defaults_are_not_written():
    assert ConnectionSpec.from_dict(MINIMAL).to_dict() == MINIMAL | {"provider": "compatible"}


def test_keys_are_secrets_or_references():
    keys = ConnectionSpec.from_dict(MINIMAL | {"keys": ["env:A", "os.environ/B", "sk-c"]}).keys

    assert keys == (
        KeySource(environment_variable="A"),
        KeySource(environment_variable="B"),
        KeySource(secret="sk-c"),
    )


def test_absent_keys_are_told_from_no_keys():
    assert ConnectionSpec.from_dict(MINIMAL).keys is None
    assert ConnectionSpec.from_dict(MINIMAL | {"keys": []}).keys == ()


def test_base_url_is_normalised():
    spec = ConnectionSpec.from_dict(MINIMAL | {"base_url": "HTTPS://One.example/v1/"})

    assert spec.base_url == "https://one.example/v1"


def test_api_version_that_yaml_took_for_a_date_is_a_text():
    spec = ConnectionSpec.from_dict(MINIMAL | {"api_version": date(2024, 10, 21)})

    assert spec.api_version == "2024-10-21"


def test_unknown_field_is_named_with_what_was_meant():
    problem = problem_of(base_ulr="https://x.example")

    assert problem == "connection one: base_ulr is not a field (did you mean base_url?)"


def test_missing_field_is_named():
    with pytest.raises(EntryError, match="connection one: base_url is missing"):
        ConnectionSpec.from_dict({"name": "one"})


@pytest.mark.parametrize("entry", [None, "text", 5, ["name"]])
def test_entry_that_is_no_mapping_is_refused(entry):
    with pytest.raises(EntryError, match="must be a mapping"):
        ConnectionSpec.from_dict(entry)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "Not A Slug", "lower-case"),
        ("provider", "azur", "did you mean azure?"),
        ("base_url", "one.example", "must begin with http"),
        ("enabled", "yes", "must be true or false"),
        ("priority", -1, "whole number"),
        ("priority", True, "whole number"),
        ("auth_type", "beerer", "did you mean bearer?"),
        ("model_ids", "gpt-4o", "must be a list of strings"),
        ("model_ids", [4], "must be a list of strings"),
        ("prefix_id", 5, "put it in quotes"),
        ("headers", {"Host": "x"}, "set by the gateway itself"),
        ("headers", {"X-A": 5}, "put X-A in quotes"),
        ("headers", ["X-A"], "must be a mapping"),
        ("verify_tls", "/no/such/file", "CA file"),
        ("timeout_seconds", 0, "greater than or equal to 1"),
        ("keys", "sk-alone", "must be a list"),
        ("keys", ["env:"], "env:NAME"),
    ],
)
def test_error_names_entry_field_and_what_is_wanted(field, value, words):
    problem = problem_of(**{field: value})

    assert field in problem
    assert words in problem


def test_error_about_keys_shows_no_key():
    assert "sk-secret" not in problem_of(keys="sk-secret")
    assert "sk-secret" not in problem_of(keys=["sk-secret", 5])


def test_text_of_a_spec_shows_no_secret():
    spec = ConnectionSpec.from_dict(COMPLETE | {"headers": {"X-Key": "hidden-header"}})

    assert "sk-literal" not in repr(spec)
    assert "hidden-header" not in repr(spec)

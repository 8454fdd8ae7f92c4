"""Every model of the configuration has a history, in which nothing secret is told."""

import re

import pytest
from django.apps import apps
from django.db import models

from gateway_project.history.recorded import HIDDEN, RECORDED, UNRECORDED, hide

OURS = {
    *("accounts", "connections", "resilience", "models_registry"),
    *("usage", "limits", "proxy", "portal"),
}
SECRET = re.compile(r"ciphertext|digest|password|secret|token(?!s)|headers|\bkey$")
# Foreign keys to a key, whose name is its hint.
NO_SECRETS = {("limits.Limit", "key"), ("limits.Limit", "connection_key")}


def test_every_model_is_recorded_or_named_as_unrecorded():
    ours = {model._meta.label for model in apps.get_models() if model._meta.app_label in OURS}
    recorded = {each.model for each in RECORDED}
    assert ours - UNRECORDED == {label for label in recorded if label.split(".")[0] in OURS}
    assert recorded.isdisjoint(UNRECORDED)


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each.model)
def test_named_fields_exist(recorded):
    fields = {field.name for field in apps.get_model(recorded.model)._meta.get_fields()}
    assert {*recorded.hidden, *recorded.left_out, *recorded.many} <= fields


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each.model)
def test_what_may_be_a_secret_is_hidden(recorded):
    fields = apps.get_model(recorded.model)._meta.fields
    names = {field.name for field in fields if not isinstance(field, models.BooleanField)}
    secret = {name for name in names if SECRET.search(name)}
    secret -= {name for name in secret if (recorded.model, name) in NO_SECRETS}
    assert secret <= set(recorded.hidden)


@pytest.mark.parametrize("value", ["a", "sk-secret", "{}" * 5000])
def test_nothing_of_a_hidden_value_is_left(value):
    assert hide(value) == HIDDEN


@pytest.mark.parametrize("value", ["", "None", "{}", "[]"])
def test_no_value_stays_none(value):
    assert hide(value) == value

"""The fields of forms that refer to something."""

import pytest

from proxy.client_side.errors import InvalidRequestError
from proxy.references.forms import check_form_field
from proxy.references.names import Kind, kind_at, kind_of


@pytest.mark.parametrize(
    "name",
    [
        "models",
        "models[]",
        "models[0]",
        "model[0]",
        "model.name",
        "fallbacks[0][model]",
        "FallBacks",
        "fallbac\u212as",
        "file_id",
        "file_ids[]",
        "fileId",
        "vector_store_ids[]",
        "prompt[id]",
        "prompt.id",
        "container",
        "conversation",
        "previous_response_id",
        "extra_body",
        "extra_body[models][]",
        "model_list",
    ],
)
def test_a_form_cannot_refer_to_anything(name):
    with pytest.raises(InvalidRequestError) as refused:
        check_form_field(name)
    assert refused.value.param == name


@pytest.mark.parametrize(
    "name",
    [
        "model",
        "prompt",
        "file",
        "image[]",
        "n",
        "response_format",
        "timestamp_granularities[]",
        "chunking_strategy[type]",
        "include[]",
        "[]",
        "..",
    ],
)
def test_ordinary_fields_pass(name):
    check_form_field(name)


def test_long_names_are_looked_at_too():
    assert kind_of("x" * 10_000) is None
    with pytest.raises(InvalidRequestError) as refused:
        kind_of("previous" + "_" * 10_000 + "response_id")
    assert len(refused.value.param) == 100


def test_a_long_name_is_not_read_again_for_each_url_in_it():
    assert kind_at(("k" * 10**6,), "url") is Kind.ADDRESS

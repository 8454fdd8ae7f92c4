"""A list of models in Anthropic's form."""

import orjson
from anthropic.types import ModelInfo

from wire_formats.messages.model_list import model_info, model_page


def entry(name):
    return {"id": name, "object": "model", "created": 1_700_000_000, "name": name.upper()}


def test_a_model_has_a_name_and_a_time():
    assert model_info(entry("a")) == {
        "type": "model",
        "id": "a",
        "display_name": "A",
        "created_at": "2023-11-14T22:13:20Z",
        "lifecycle": "active",
    }


def test_anthropics_sdk_can_read_it():
    assert ModelInfo.model_validate_json(orjson.dumps(model_info(entry("a"))), strict=True)


def test_all_models_are_on_one_page():
    page = model_page(map(entry, "abc"))
    assert [model["id"] for model in page["data"]] == ["a", "b", "c"]
    assert (page["first_id"], page["last_id"], page["has_more"]) == ("a", "c", False)


def test_a_page_without_models_has_neither_a_first_nor_a_last():
    assert model_page([]) == {"data": [], "has_more": False, "first_id": None, "last_id": None}

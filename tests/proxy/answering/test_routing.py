from __future__ import annotations

import pytest

from proxy.answering.routing import model_of
from proxy.client_side.errors import InvalidRequestError


@pytest.mark.parametrize(
    "model", ["gpt-4o", "a/b:free", "openai/gpt-4o", "a..b", "modèle", "o1 mini", "x" * 512]
)
def test_a_models_id_is_taken(model: str) -> None:
    assert model_of({"model": model}) == model


@pytest.mark.parametrize("model", [None, "", 5, ["gpt-4o"], {"id": "gpt-4o"}, True])
def test_what_is_no_text_names_no_model(model: object) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        model_of({"model": model})
    assert caught.value.param == "model"


@pytest.mark.parametrize(
    "model",
    [
        "..",
        ".",
        "../a",
        "a/../b",
        "a/.",
        "a\\b",
        "..%2fa",
        "%252e%252e",
        "a?b",
        "a#b",
        "a\nb",
        "a\r\nX: 1",
        "a\x00",
        "a\u2028b",
        "x" * 513,
    ],
)
def test_what_could_leave_a_path_or_a_line_is_refused(model: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        model_of({"model": model})
    assert caught.value.param == "model"

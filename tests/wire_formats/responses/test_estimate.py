"""Counts of tokens that no upstream was asked for."""

from __future__ import annotations

import pytest

from wire_formats.responses.estimate import estimated_input_tokens
from wire_formats.token_estimate import MEDIA_TOKENS


@pytest.mark.parametrize("body", [{}, {"input": None}, {"input": "", "tools": []}])
def test_there_is_always_one(body) -> None:
    assert estimated_input_tokens(body) == 1


def test_what_the_model_does_not_read_does_not_count() -> None:
    few = estimated_input_tokens({"input": "x" * 400})
    assert estimated_input_tokens({"input": "x" * 400, "metadata": {"a": "x" * 400}}) == few


def test_a_picture_counts_as_one_however_large() -> None:
    def asked(size: int) -> dict:
        image = {"type": "input_image", "image_url": f"data:image/png;base64,{'A' * size}"}
        return {"input": [{"role": "user", "content": [image, image]}]}

    assert estimated_input_tokens(asked(4)) == estimated_input_tokens(asked(40_000))
    assert estimated_input_tokens(asked(4)) > 2 * MEDIA_TOKENS


def test_pictures_that_tools_made_count_as_one_each() -> None:
    screenshot = {
        "type": "computer_screenshot",
        "image_url": f"data:image/png;base64,{'A' * 9_000}",
    }
    items = [
        {"type": "image_generation_call", "id": "ig_1", "result": "A" * 90_000},
        {"type": "computer_call_output", "call_id": "c", "output": screenshot},
    ]
    assert 2 * MEDIA_TOKENS < estimated_input_tokens({"input": items}) < 2 * MEDIA_TOKENS + 100

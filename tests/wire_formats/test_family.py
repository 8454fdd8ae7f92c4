"""The facts that are kept of one family of models."""

from __future__ import annotations

import pytest

from wire_formats.family import Family


@pytest.mark.parametrize(
    ("efforts", "wanted", "expected"),
    [
        (("low", "medium", "high"), "max", "high"),
        (("low", "medium", "high"), "minimal", "low"),
        (("low", "high", "max"), "medium", "low"),
        (("low", "high", "max"), "xhigh", "high"),
        (("none", "low"), "none", "none"),
        (("low",), "none", None),
        (("low",), "utmost", None),
        ((), "low", None),
        (("low",), {}, None),
    ],
)
def test_the_nearest_effort_is_not_above_the_one_wanted(
    efforts: tuple[str, ...], wanted: object, expected: str | None
) -> None:
    assert Family(name="x", efforts=efforts).nearest_effort(wanted) == expected

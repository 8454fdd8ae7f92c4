from __future__ import annotations

from decimal import Decimal

import pytest

from limits.configuration.numbers import amount, as_number


@pytest.mark.parametrize(
    ("written", "number"),
    [(20, "20"), (0.1, "0.1"), ("0.123456789", "0.123456789"), (0, "0"), (1e-9, "1E-9")],
)
def test_numbers_are_read_exactly(written: object, number: str) -> None:
    assert amount(written) == Decimal(number)


@pytest.mark.parametrize("written", [True, None, [], "x", -1, float("inf"), float("nan"), "-0.1"])
def test_anything_else_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="must be a number"):
        amount(written)


@pytest.mark.parametrize("text", ["20", "0.1", "12345678901.123456789", "1E-9", "1E+3"])
def test_what_is_written_reads_back(text: str) -> None:
    assert amount(as_number(Decimal(text))) == Decimal(text)


def test_whole_numbers_are_written_without_decimals() -> None:
    assert as_number(Decimal("20.000000000")) == 20
    assert isinstance(as_number(Decimal("20.000000000")), int)

from datetime import timedelta

import pytest

from infrastructure.time_spans import TimeSpanError, read_time_span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("90m", timedelta(minutes=90)),
        (" 12H ", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("4w", timedelta(weeks=4)),
    ],
)
def test_spans_have_a_number_and_a_unit(text: str, span: timedelta) -> None:
    assert read_time_span(text) == span


@pytest.mark.parametrize(
    "text", ["", "7", "d", "-1d", "1.5h", "7 d", "7y", "٧d", "999999w", "5300w"]
)
def test_what_is_no_span_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(TimeSpanError):
        read_time_span(text)

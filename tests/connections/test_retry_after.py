import pytest

from connections.retry_after import retry_after_milliseconds, retry_after_seconds

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT
DAY = 24 * 3600


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        (" 7 ", 7),
        ("1.2", 2),
        ("000007", 7),
        ("99999999999999999999", DAY),
        ("9" * 64, DAY),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10),
        ("Sun Nov  6 08:49:47 1994", 10),
        ("Sun, 06 Nov 1994 08:49:27 GMT", 0),
        ("Sun, 06 Nov 2094 08:49:27 GMT", DAY),
    ],
)
def test_number_or_date_becomes_bounded_seconds(value, seconds):
    assert retry_after_seconds(value, now=NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-1",
        "+1",
        "1e9",
        "nan",
        "inf",
        "0x10",
        "soon",
        "7\x01",
        "7\r\nset-cookie: a=b",
        "７",
        "²",
        "1, 2",
        "9" * 5000,
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT" * 50,
    ],
)
def test_all_else_is_nothing(value):
    assert retry_after_seconds(value, now=NOW) is None
    assert retry_after_milliseconds(value) is None


def test_milliseconds_are_whole_and_bounded():
    assert retry_after_milliseconds("6500") == 6500
    assert retry_after_milliseconds("0.5") == 1
    assert retry_after_milliseconds("9" * 30) == DAY * 1000

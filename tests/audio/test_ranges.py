"""Ranges as HTTP has them (RFC 9110, section 14)."""

import pytest

from audio.ranges import RangeNotSatisfiableError, is_not_modified, requested_range

ETAG = '"e"'


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-500", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-500", (0, 100)),
        ("", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("bytes=" + ",".join(["0-"] * 1000), None),
        ("bytes=0-,0-,0-", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=9-5", None),
        ("bytes=0-9\n", None),
        ("Bytes=0-9", (0, 10)),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_range_is_understood_or_ignored(asked, given):
    assert requested_range({"HTTP_RANGE": asked}, 100, ETAG) == given


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_range_behind_the_end_is_refused(asked):
    with pytest.raises(RangeNotSatisfiableError):
        requested_range({"HTTP_RANGE": asked}, 100, ETAG)


def test_range_of_another_version_is_ignored():
    meta = {"HTTP_RANGE": "bytes=0-9", "HTTP_IF_RANGE": '"other"'}
    assert requested_range(meta, 100, ETAG) is None


@pytest.mark.parametrize(
    ("known", "is_same"),
    [(ETAG, True), (f'"x", W/{ETAG}', True), ("*", True), ('"x"', False), ("", False)],
)
def test_known_version_is_not_sent_again(known, is_same):
    assert is_not_modified({"HTTP_IF_NONE_MATCH": known}, ETAG) is is_same

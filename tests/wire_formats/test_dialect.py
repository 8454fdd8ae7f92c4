"""What holds for every dialect that says nothing else."""

import pytest

from tests.support.stream_samples import SAMPLES
from wire_formats.dialect import Dialect

DIALECTS = [sample.dialect for sample in SAMPLES]


class Nested(Dialect):
    def events_of(self, answer):
        raise TypeError("Recursion limit reached")


def test_a_whole_answer_is_told_only_where_that_is_known():
    assert Dialect().stream_of({"choices": []}) == b""


def test_an_answer_that_cannot_be_written_is_not_told():
    assert Nested().stream_of({}) == b""


def test_events_are_clean_unless_a_dialect_says_otherwise():
    assert Dialect().clean(b"data: {}\n\n", frozenset({"{}"})) == b"data: {}\n\n"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample.dialect).__name__)
def test_whatever_means_something_is_noteworthy(sample):
    for event in (sample.finish or sample.end, sample.end, sample.error):
        assert sample.dialect.is_noteworthy(event)

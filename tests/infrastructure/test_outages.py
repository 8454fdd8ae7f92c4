import logging

import pytest

from infrastructure.outages import Cause, Outages

DOOR = Cause(lost="The door is shut", back="The door is open again")


@pytest.fixture
def outages(caplog):
    caplog.set_level(logging.WARNING, "infrastructure.outages")
    return Outages()


def test_a_cause_is_told_once_until_it_ends(outages, caplog):
    for _ in range(3):
        outages.begin(DOOR, "no key")
    assert caplog.messages == ["The door is shut: no key"]
    for _ in range(3):
        outages.end(DOOR)
    assert caplog.messages[1:] == ["The door is open again, after 0 s."]


def test_it_is_told_again_when_it_comes_back(outages, caplog):
    outages.begin(DOOR)
    outages.end(DOOR)
    outages.begin(DOOR)
    assert caplog.messages == [
        "The door is shut.",
        "The door is open again, after 0 s.",
        "The door is shut.",
    ]


def test_the_first_error_is_the_reason(outages, caplog):
    error = KeyError("which says nothing")
    error.__cause__ = OSError("no such\n  table")
    with pytest.raises(KeyError), outages.told(DOOR, KeyError):
        raise error
    assert caplog.messages == ["The door is shut: no such table"]


def test_a_block_that_passes_ends_it(outages):
    outages.begin(DOOR)
    with outages.told(DOOR, KeyError):
        assert outages.has(DOOR)
    assert not outages.has(DOOR)


def test_other_errors_say_nothing_of_it(outages):
    with pytest.raises(ValueError, match="other"), outages.told(DOOR, KeyError):
        raise ValueError("other")
    assert not outages.has(DOOR)


def test_an_error_without_words_is_named(outages, caplog):
    outages.begin(DOOR, TimeoutError())
    assert caplog.messages == ["The door is shut: TimeoutError"]

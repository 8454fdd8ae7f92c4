from __future__ import annotations

import pytest

from limits.admission.output_lengths import FEW, MOST_KNOWN, OutputLengths


def seen(*tokens: int) -> int | None:
    lengths = OutputLengths()
    for each in tokens:
        lengths.note(7, "gpt-4o", each)
    return lengths.usual(7, "gpt-4o")


def test_few_outputs_tell_nothing() -> None:
    assert seen(*[100] * (FEW - 1)) is None


@pytest.mark.parametrize("tokens", [0, 1, 2, 3, 50, 1000, 4096, 100_000])
def test_the_usual_length_is_no_shorter_than_what_was_seen(tokens: int) -> None:
    usual = seen(*[tokens] * 20)
    assert usual is not None
    assert tokens <= usual <= max(tokens * 1.5, 1)


def test_one_of_twenty_is_longer_than_usual() -> None:
    assert seen(*[64] * 39, 10_000) == 64
    assert seen(*[64] * 22, 10_000, 10_000) == 11_585


def test_what_was_long_ago_fades() -> None:
    assert seen(*[10_000] * 200, *[64] * 1000) == 64


def test_users_and_models_are_apart() -> None:
    lengths = OutputLengths()
    for _ in range(FEW):
        lengths.note(7, "gpt-4o", 100)
    assert lengths.usual(8, "gpt-4o") is None
    assert lengths.usual(7, "o3") is None


def test_memory_is_bounded() -> None:
    lengths = OutputLengths()
    for _ in range(FEW):
        lengths.note(0, "gpt-4o", 100)
    for user in range(1, MOST_KNOWN + 1):
        lengths.note(user, "gpt-4o", 100)
    assert lengths.usual(0, "gpt-4o") is None


def test_the_usual_length_is_looked_for_with_every_eighth_output() -> None:
    lengths = OutputLengths()
    found = []
    for tokens in [64] * 8 + [10_000] * 8:
        lengths.note(7, "gpt-4o", tokens)
        found.append(lengths.usual(7, "gpt-4o"))
    assert found == [None] * 7 + [64] * 8 + [11_585]

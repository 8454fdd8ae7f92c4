"""The measurement of cold workers fits together: a run too short to mean anything."""

import pytest

from benchmarks import cold, processes
from benchmarks.cold import Effort, Starts

BRIEF = Effort(rounds=1, streams=3, held_seconds=0.1, chat_seconds=0.1)


@pytest.mark.long
def test_a_start_is_measured():
    """Of each checkout, though they have one name."""
    for starts in cold.run([processes.ROOT, processes.ROOT], BRIEF):
        for values in (starts.p50_ms, starts.p99_ms, starts.idle_mb, starts.loaded_mb):
            assert len(values) == 1
            assert values[0] > 0


def test_medians_are_told():
    starts = Starts("mine", [3.0, 9.0, 4.0], [20.0, 8.0, 9.0], [120.0], [130.0])
    assert cold.shown([starts]) == (
        "mine: first chunk 4.0 ms (p50), 9.0 ms (p99); RSS 120.0 MB idle, 130.0 MB after streams"
        " and chats"
    )

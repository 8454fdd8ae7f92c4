"""How long the outputs of a user and model usually are, as far as this worker has seen."""

from __future__ import annotations

import math
from collections import OrderedDict

FIRST = 1024  # tokens, until a few outputs were seen
FEW = 8
MOST_KNOWN = 10_000
BUCKETS = 48  # each is wider than the one before by the square root of 2
FULL = 200  # outputs, at which all of them count half: what was long ago fades
PERCENTILE = 0.95


class OutputLengths:
    """A histogram by user and model, of which the latest used are kept."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], bytearray] = OrderedDict()

    def note(self, user_id: int, model: str, tokens: int) -> None:
        """Take note of an output of ``tokens``."""
        key = user_id, model
        counts = self._known.get(key)
        if counts is None:
            counts = self._known[key] = bytearray(BUCKETS)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        if sum(counts) >= FULL:
            counts[:] = bytes(count // 2 for count in counts)
        counts[_bucket(tokens)] += 1

    def usual(self, user_id: int, model: str) -> int | None:
        """The 95th percentile in tokens, rounded up; None while only few outputs were seen."""
        counts = self._known.get((user_id, model))
        if counts is None or (total := sum(counts)) < FEW:
            return None
        wanted, seen = total * PERCENTILE, 0
        for bucket, count in enumerate(counts):
            seen += count
            if seen >= wanted:
                return _largest(bucket)
        return _largest(BUCKETS - 1)


def _bucket(tokens: int) -> int:
    if tokens <= 1:
        return 0
    return min(math.ceil(2 * math.log2(tokens)), BUCKETS - 1)


def _largest(bucket: int) -> int:
    """The most tokens that fall into ``bucket``."""
    return math.floor(2 ** (bucket / 2))

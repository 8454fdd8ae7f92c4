"""How long the outputs of a user and model usually are, as far as this worker has seen."""

from __future__ import annotations

import math
from collections import OrderedDict

FIRST = 1024  # tokens, until a few outputs were seen
FEW = 8  # no less than a step: the percentile is not known before
MOST_KNOWN = 10_000
BUCKETS = 48  # each is wider than the one before by the square root of 2
FULL = 200  # outputs, at which all of them count half: what was long ago fades
PERCENTILE = 0.95
STEP = 8  # outputs between two searches for the percentile


class _Histogram:
    """Counts by bucket. ``upto`` of them are in the buckets up to ``at``, the percentile's, for
    which a search runs every ``STEP`` outputs."""

    __slots__ = ("at", "counts", "total", "upto")

    def __init__(self) -> None:
        self.counts = bytearray(BUCKETS)
        self.total = self.upto = self.at = 0

    def add(self, bucket: int) -> None:
        total = self.total = self.total + 1
        self.counts[bucket] += 1
        if bucket <= self.at:
            self.upto += 1
        if not total % STEP:
            self._seek()

    def _seek(self) -> None:
        if self.total > FULL:
            self.counts = bytearray(count // 2 for count in self.counts)
            self.total = sum(self.counts)
            self.upto = sum(self.counts[: self.at + 1])
        counts, wanted = self.counts, self.total * PERCENTILE
        while self.upto < wanted and self.at < BUCKETS - 1:
            self.at += 1
            self.upto += counts[self.at]
        while self.at and self.upto - counts[self.at] >= wanted:
            self.upto -= counts[self.at]
            self.at -= 1


class OutputLengths:
    """A histogram by user and model, of which the latest used are kept."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], _Histogram] = OrderedDict()

    def note(self, user_id: int, model: str, tokens: int) -> None:
        """Take note of an output of ``tokens``."""
        key = user_id, model
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Histogram()
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        known.add(OF_SHORT[tokens] if 0 <= tokens < len(OF_SHORT) else _bucket(tokens))

    def usual(self, user_id: int, model: str) -> int | None:
        """The 95th percentile in tokens, rounded up; None while only few outputs were seen."""
        known = self._known.get((user_id, model))
        if known is None or known.total < FEW:
            return None
        return LARGEST[known.at]


def _bucket(tokens: int) -> int:
    if tokens <= 1:
        return 0
    bucket = math.ceil(2 * math.log2(tokens))
    return bucket if bucket < BUCKETS else BUCKETS - 1


OF_SHORT = bytes(map(_bucket, range(4096)))  # the bucket of each output that is short
# The most tokens that fall into each bucket.
LARGEST = [math.floor(2 ** (bucket / 2)) for bucket in range(BUCKETS)]

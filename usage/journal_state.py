"""What waits in the journal of this machine for the database."""

from __future__ import annotations

import time
from pathlib import Path

from usage.journal import adopted, records, segments


def journal_state(directory: Path) -> dict[str, int]:
    """How many segments, which of them are being written, their bytes, records and torn lines."""
    figures = {"segments": 0, "held": 0, "bytes": 0, "records": 0, "torn": 0}
    for path in segments(directory):
        with adopted(path) as is_ours:
            try:
                lines = list(map(bool, records(path)))
                size = path.stat().st_size
            except FileNotFoundError:  # moved meanwhile
                continue
        figures["segments"] += 1
        figures["held"] += not is_ours
        figures["bytes"] += size
        figures["records"] += sum(lines)
        # The last line of a segment may still be in writing, which counts as torn here.
        figures["torn"] += len(lines) - sum(lines)
    return figures


def oldest_waiting_seconds(directory: Path) -> float:
    """How long the oldest segment with records that no worker writes has been waiting; 0 if none.

    Workers move what others have left every second, so that only a gateway at rest, or one whose
    database is down, has any.
    """
    begun = []
    for path in segments(directory):
        with adopted(path) as is_ours:
            try:
                if is_ours and path.stat().st_size:
                    begun.append(path.stat().st_mtime)
            except FileNotFoundError:
                continue
    return max(time.time() - min(begun), 0.0) if begun else 0.0

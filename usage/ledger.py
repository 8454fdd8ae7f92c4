"""The ledger of a worker: every exchange that ends is written down before its answer ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from usage.exchange import Exchange
from usage.flusher import Flusher
from usage.in_flight import in_flight
from usage.journal import Sync
from usage.journals import Journals, UsageJournal
from usage.limit_counts import limit_counts
from usage.metrics import Metrics
from usage.record import UsageRecord
from usage.request_log import RequestLog
from usage.spans import configured_spans
from usage.upkeep import keep_up
from usage.worker_metrics import WorkerMetrics

if TYPE_CHECKING:
    from usage.journal_stream import JournalStream

logger = logging.getLogger(__name__)

RecordListener = Callable[[Exchange, UsageRecord], None]


class Ledger:
    """Listens to :data:`usage.in_flight.in_flight`.

    ``stream`` is where ``journal`` writes to, where that is Redis.
    """

    def __init__(
        self,
        journal: UsageJournal,
        *,
        metrics_directory: Path,
        request_log: RequestLog | None,
        stream: JournalStream | None = None,
    ) -> None:
        self.journal = journal
        self.stream = stream
        self.metrics = Metrics()
        self.workers = WorkerMetrics(metrics_directory, self.metrics, self.gauges)
        self._request_log = request_log
        self._listeners: list[RecordListener] = []

    def on_record(self, listener: RecordListener) -> None:
        """Have ``listener`` called with each record once it is appended to the journal. It must
        not wait or raise."""
        self._listeners.append(listener)

    def close(self, exchange: Exchange) -> None:
        """Write down ``exchange``, which has ended. Waits for nothing but a write or two."""
        record = UsageRecord.of(exchange)
        self.journal.append(record)
        self.metrics.count(record)
        if self._request_log is not None:
            self._request_log.add(record)
        for listener in self._listeners:
            listener(exchange, record)

    def gauges(self) -> dict[str, float]:
        return {
            "gatehouse_requests_in_flight": len(in_flight),
            "gatehouse_requests_queued": limit_counts.waiting,
            "gatehouse_usage_records_lost_total": self.journal.lost,
            "gatehouse_usage_records_diverted_total": self.journal.diverted,
        }


_active: Ledger | None = None


@asynccontextmanager
async def running_ledger() -> AsyncIterator[Ledger]:
    """The worker's ledger, emptied into the database until the block is left, and then at last."""
    global _active  # noqa: PLW0603 - one worker, one ledger
    chosen = Journals.of_settings()
    ledger = Ledger(
        chosen.journal,
        metrics_directory=settings.DATA_DIR / "metrics",
        request_log=RequestLog(settings.LOG_FORMAT) if settings.GATEWAY_ACCESS_LOG else None,
        stream=chosen.stream,
    )
    spans = configured_spans()
    flusher = Flusher(
        chosen.files,
        syncs=Sync(settings.GATEWAY_USAGE_SYNC) is Sync.INTERVAL,
        on_stored=None if spans is None else spans.add,
        stream=chosen.stream,
    )
    _open_metrics(ledger)
    await chosen.journal.start()
    in_flight.on_close(ledger.close)
    _active = ledger
    running = (flusher.run(), ledger.workers.run(), keep_up())
    tasks = [asyncio.create_task(each) for each in running]
    try:
        yield ledger
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        in_flight.forget(ledger.close)
        _active = None
        await chosen.journal.end()
        await flusher.stop()
        if spans is not None:
            await asyncio.to_thread(spans.close)
        ledger.workers.close()


def active_ledger() -> Ledger | None:
    """The ledger of this worker; None while it does not run."""
    return _active


async def records_written() -> None:
    """Return once each request that has ended has a record that outlives this worker."""
    if _active is not None:
        await _active.journal.written()


def _open_metrics(ledger: Ledger) -> None:
    try:
        ledger.workers.open()
    except OSError as exc:
        logger.warning("the metrics tell of this worker alone: %s", exc)

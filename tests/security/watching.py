"""How a gateway is while something is done to it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from statistics import median

import httpx
import psutil

from tests.support.live import LiveGateway
from tests.support.plain_http import PLAIN_HTTP

# Far above what is normal: a stall that this is to find lasts for many seconds.
LONGEST_SECONDS = 3.0
TYPICAL_SECONDS = 0.1
MOST_GROWTH_BYTES = 200 * 2**20


class Watch:
    """What ``/livez`` took, answer by answer, and the most memory that the process had."""

    def __init__(self, gateway: LiveGateway) -> None:
        self._gateway = gateway
        self._process = psutil.Process(gateway.process.pid)
        self._before = self._process.memory_info().rss
        self._has_ended = threading.Event()
        self.seconds: list[float] = []
        self.most_growth = 0

    def run(self) -> None:
        with httpx.Client(base_url=self._gateway.url, **PLAIN_HTTP) as client:
            while not (self.seconds and self._has_ended.wait(0.01)):
                began = time.monotonic()
                client.get("/livez").raise_for_status()
                self.seconds.append(time.monotonic() - began)
                growth = self._process.memory_info().rss - self._before
                self.most_growth = max(self.most_growth, growth)

    def end(self) -> None:
        self._has_ended.set()


@contextmanager
def watched(gateway: LiveGateway, *, growth: int = MOST_GROWTH_BYTES):
    """``/livez`` is asked all the while, and asserted to have been answered in time.

    ``growth`` is what memory may grow by, in bytes.
    """
    watch = Watch(gateway)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()
    assert watch.seconds
    assert max(watch.seconds) < LONGEST_SECONDS
    assert median(watch.seconds) < TYPICAL_SECONDS
    assert watch.most_growth < growth

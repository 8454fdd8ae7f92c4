"""Figures for Prometheus. Counting is a few additions; words are made when somebody asks.

The names are OpenTelemetry's for generative AI where it has one (:mod:`usage.genai_conventions`),
and begin with ``gatehouse_`` where it has none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate

from resilience.outcomes import Kind
from usage.failing import FAILED
from usage.genai_conventions import (
    DURATION,
    FIRST_BYTE,
    KIND_LABEL,
    MODEL_LABEL,
    OPERATION_LABEL,
    PROVIDER_LABEL,
    TOKENS,
)
from usage.limit_counts import limit_counts
from usage.record import UsageRecord

ATTEMPTS = "gatehouse_upstream_attempts"
OVERHEAD = "gatehouse_overhead_seconds"
OUTCOMES = "gatehouse_attempts_total"
RETRIES = "gatehouse_retries_total"
REFUSED = "gatehouse_limits_refused_total"
QUEUED = "gatehouse_limits_queued_total"

SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
MOMENTS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024)
COUNTS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304)
FEW = (0, 1, 2, 3, 5, 8)

BOUNDS: dict[str, tuple[float, ...]] = {
    DURATION: SECONDS,
    FIRST_BYTE: SECONDS,
    TOKENS: COUNTS,
    ATTEMPTS: FEW,
    OVERHEAD: MOMENTS,
}
COUNTERS = (OUTCOMES, RETRIES, REFUSED, QUEUED)
WIDTHS = {name: len(bounds) + 2 for name, bounds in BOUNDS.items()} | dict.fromkeys(COUNTERS, 1)
HELP = {
    DURATION: "How long requests took, from their acceptance to their end.",
    FIRST_BYTE: "How long clients waited for the first byte of a streamed answer.",
    TOKENS: "Tokens of requests, as their upstreams counted them.",
    ATTEMPTS: "How many attempts a request took.",
    OVERHEAD: "The gateway's share of the wait for the first byte, without its upstreams.",
    OUTCOMES: "Attempts to have a request answered, by connection and by how they ended.",
    RETRIES: "Attempts that another one followed, by connection and by how they ended.",
    REFUSED: "Requests, and attempts at upstreams, that a limit refused, by its label.",
    QUEUED: "Requests that waited for a limit, by the label of the limit.",
    "gatehouse_requests_queued": "Requests that wait for a limit.",
    "gatehouse_requests_in_flight": "Requests that are being answered.",
    "gatehouse_usage_records_lost_total": "Usage records that no disk would take.",
    "gatehouse_usage_journal_bytes": "Bytes in the usage journal that wait for the database.",
    "gatehouse_usage_journal_segments": "Files of the usage journal.",
    "gatehouse_usage_journal_stream_records": "Usage records in Redis that wait for the database.",
    "gatehouse_usage_records_diverted_total": "Usage records that Redis would not take; files did.",
    "gatehouse_keys": "Keys of the connection, by state: ok, cooling or dead.",
    "gatehouse_targets_cooling": "Models of the connection that were refused and rest for a while.",
    "gatehouse_targets_failing": "Models of the connection whose breaker is open or half-open.",
    "gatehouse_upstream_up": "1 if the upstream gave its list of models when it was last asked.",
}
MID_STREAM = "mid_stream"
SUCCESS = Kind.SUCCESS.value

# For each histogram and its labels: how many observations each bucket has, and their sum. For a
# counter: its value alone. It stands here since workers of older versions read the files of newer
# ones, and pass over the names that they do not know.
Histograms = dict[str, dict[str, list[float]]]


class Histogram:
    __slots__ = ("bounds", "values")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.values: list[float] = [0] * (len(bounds) + 2)  # one past the bounds, and the sum

    def observe(self, value: float) -> None:
        self.values[bisect_left(self.bounds, value)] += 1
        self.values[-1] += value


@dataclass(slots=True)
class Series:
    """The histograms of one kind of request."""

    duration: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    first_chunk: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    input: Histogram = field(default_factory=lambda: Histogram(COUNTS))
    output: Histogram = field(default_factory=lambda: Histogram(COUNTS))
    attempts: Histogram = field(default_factory=lambda: Histogram(FEW))
    overhead: Histogram = field(default_factory=lambda: Histogram(MOMENTS))


class Metrics:
    """The figures of this worker."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, str, str], Series] = {}
        # By connection and outcome, of which there are as many as `Kind` has.
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._retries: Counter[tuple[str, str]] = Counter()

    def count(self, record: UsageRecord) -> None:
        # Model names that no connection serves come from clients, and error codes from upstreams.
        # Neither becomes a label, as a client or an upstream could then add labels without end.
        model = record.upstream_model if record.connection else ""
        key = (record.endpoint, record.connection, model, _error_type(record))
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series()
        series.duration.observe(record.duration_ms / 1000)
        series.attempts.observe(record.attempts)
        if record.is_streamed and record.first_byte_ms is not None:
            series.first_chunk.observe(record.first_byte_ms / 1000)
        if record.overhead_us is not None:
            series.overhead.observe(record.overhead_us / 1e6)
        if record.prompt_tokens is not None:
            series.input.observe(record.prompt_tokens)
        if record.completion_tokens is not None:
            series.output.observe(record.completion_tokens)
        if record.attempt_log:
            kinds = [(one["connection"], one["outcome"]) for one in record.attempt_log]
            self._outcomes.update(kinds)
            self._retries.update(kinds[:-1])
        elif record.attempts:
            self._outcomes[record.connection, SUCCESS] += 1

    def histograms(self) -> Histograms:
        found: Histograms = {name: {} for name in WIDTHS}
        for name, counter in ((OUTCOMES, self._outcomes), (RETRIES, self._retries)):
            for (connection, outcome), count in tuple(counter.items()):
                labels = _labels({PROVIDER_LABEL: connection, "outcome": outcome})
                found[name][labels] = [count]
        for name, counted in ((REFUSED, limit_counts.refused), (QUEUED, limit_counts.queued)):
            for limit, count in tuple(counted.items()):
                found[name][label("limit", limit)] = [count]
        for (endpoint, connection, model, error), series in tuple(self._series.items()):
            kind = {
                OPERATION_LABEL: endpoint,
                PROVIDER_LABEL: connection,
                MODEL_LABEL: model,
            }
            of_kind, of_outcome = _labels(kind), _labels(kind | {"error_type": error})
            found[DURATION][of_outcome] = series.duration.values
            found[ATTEMPTS][of_outcome] = series.attempts.values
            _add(found[FIRST_BYTE], of_kind, series.first_chunk.values)
            _add(found[OVERHEAD], of_kind, series.overhead.values)
            for token_type, histogram in (("input", series.input), ("output", series.output)):
                labels = _labels(kind | {KIND_LABEL: token_type})
                _add(found[TOKENS], labels, histogram.values)
        return found


def merged(several: Iterable[Histograms]) -> Histograms:
    """The sums over several workers."""
    total: Histograms = {name: {} for name in WIDTHS}
    for histograms in several:
        for name, by_labels in histograms.items():
            for labels, values in by_labels.items():
                if len(values) == WIDTHS.get(name):
                    _add(total[name], labels, values)
    return total


def rendered(histograms: Histograms, gauges: dict[str, dict[str, float]]) -> str:
    """Prometheus's text format. ``gauges`` are values by labels by name."""
    lines: list[str] = []
    for name, by_labels in histograms.items():
        kind = "counter" if name in COUNTERS else "histogram"
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} {kind}"]
        for labels, values in by_labels.items():
            lines += _lines(name, labels, values)
    for name, values_by_labels in gauges.items():
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} {kind}"]
        lines += [
            f"{name}{{{labels}}} {value:.15g}" if labels else f"{name} {value:.15g}"
            for labels, value in values_by_labels.items()
        ]
    return "\n".join([*lines, ""])


def _lines(name: str, labels: str, values: list[float]) -> Iterable[str]:
    *counts, total = values
    if name in COUNTERS:
        yield f"{name}{{{labels}}} {total:.15g}"
        return
    bounds = [*(f"{bound:g}" for bound in BOUNDS[name]), "+Inf"]
    for bound, count in zip(bounds, accumulate(counts), strict=True):
        yield f'{name}_bucket{{{labels},le="{bound}"}} {int(count)}'
    yield f"{name}_sum{{{labels}}} {total!r}"
    yield f"{name}_count{{{labels}}} {int(sum(counts))}"


def label(name: str, value: str) -> str:
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{name}="{escaped}"'


def _labels(values: dict[str, str]) -> str:
    return ",".join(label(name, value) for name, value in values.items())


def _add(by_labels: dict[str, list[float]], labels: str, values: list[float]) -> None:
    known = by_labels.get(labels)
    by_labels[labels] = (
        list(values) if known is None else [a + b for a, b in zip(known, values, strict=True)]
    )


def _error_type(record: UsageRecord) -> str:
    if record.status >= FAILED or not record.status:
        return str(record.status)
    return MID_STREAM if record.error_code else ""

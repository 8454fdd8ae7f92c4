"""Spans for an OpenTelemetry collector, where an operator wants them.

They are made of records when those are stored, with the times that the records tell: no request
waits for them, and they hold neither prompts nor names. Attributes are those of the conventions for
generative AI (:mod:`usage.genai_conventions`), and begin with ``gatehouse.`` where those have none.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.conf import settings

from models_registry.registry import active, is_running
from usage import genai_conventions as names
from usage.attempts import attempt_lines
from usage.failing import is_unanswered
from usage.record import UsageRecord
from usage.storing import UNFORESEEN
from wire_formats.endpoints import OPERATIONS

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

Providers = Callable[[], Mapping[str, str]]

logger = logging.getLogger(__name__)

LAST_EXPORT_SECONDS = 3.0


class Spans:
    """One for each worker. ``provider`` decides where spans go; it must not make anybody wait.

    ``providers`` gives the providers of connections by their names.
    """

    def __init__(self, provider: TracerProvider, providers: Providers) -> None:
        from opentelemetry.trace import SpanKind, StatusCode

        self._provider = provider
        self._providers = providers
        self._tracer = provider.get_tracer("gatehouse")
        self._kind, self._error = SpanKind.CLIENT, StatusCode.ERROR

    def add(self, records: Iterable[UsageRecord]) -> None:
        """A span for each of the records. Called on the thread that stores them."""
        providers = self._providers()
        for record in records:
            try:
                self._add(record.believed(), providers)
            except UNFORESEEN as exc:
                logger.warning("the usage record %s makes no span: %s", record.request_id, exc)

    def _add(self, record: UsageRecord, providers: Mapping[str, str]) -> None:
        attributes = _attributes(record, providers)
        begin = int(record.accepted_at * 1e6) * 1000
        end = begin + record.duration_ms * 1_000_000
        span = self._tracer.start_span(
            _name(record), kind=self._kind, start_time=begin, attributes=attributes
        )
        if names.ERROR_TYPE in attributes:
            span.set_status(self._error)
        span.end(end)

    def close(self) -> None:
        """Send what is left, but not for long: a collector may be away. Blocks."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(LAST_EXPORT_SECONDS)


def configured_spans() -> Spans | None:
    """Spans as the settings and OpenTelemetry's own variables say; None where there are to be none.

    Without the packages of ``requirements/tracing.txt`` there are none, and the log says so.
    """
    if not settings.GATEWAY_OTEL:
        return None
    try:
        sdk = import_module("opentelemetry.sdk.trace")
        export = import_module("opentelemetry.sdk.trace.export")
        resources = import_module("opentelemetry.sdk.resources")
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as exc:
        logger.warning("no spans: install requirements/tracing.txt (%s)", exc)
        return None
    # Attributes from the environment win over the name given here.
    resource = resources.Resource({"service.name": "gatehouse"}).merge(
        resources.OTELResourceDetector().detect()
    )
    provider: Any = sdk.TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    return Spans(provider, providers_of_connections)


def providers_of_connections() -> Mapping[str, str]:
    """The providers of the connections that this worker knows, by the connections' names."""
    if not is_running():
        return {}
    upstreams = (connection.upstream for connection in active().listings)
    return {upstream.name: upstream.provider for upstream in upstreams}


def _name(record: UsageRecord) -> str:
    """Without a model that no connection serves: clients make up any number of them."""
    operation = OPERATIONS.get(record.endpoint, record.endpoint)
    return f"{operation} {record.upstream_model}".strip()


def _attributes(record: UsageRecord, providers: Mapping[str, str]) -> dict[str, Any]:
    is_failed = is_unanswered(record)
    first_byte_ms = record.first_byte_ms if record.is_streamed else None
    provider = providers.get(record.connection)
    said = {
        names.OPERATION: OPERATIONS.get(record.endpoint, record.endpoint),
        names.PROVIDER: record.connection if provider is None else names.provider_name(provider),
        names.REQUEST_MODEL: record.upstream_model,
        names.REQUEST_STREAM: record.is_streamed or None,
        names.TIME_TO_FIRST_CHUNK: first_byte_ms and first_byte_ms / 1000,
        names.INPUT_TOKENS: record.prompt_tokens,
        names.OUTPUT_TOKENS: record.completion_tokens,
        names.CACHE_READ_TOKENS: record.cached_tokens,
        names.CACHE_WRITE_TOKENS: record.cache_write_tokens,
        names.REASONING_TOKENS: record.reasoning_tokens,
        names.SERVICE_TIER: record.service_tier,
        names.ERROR_TYPE: (record.error_code or str(record.status)) if is_failed else None,
        "gatehouse.connection": record.connection,
        "gatehouse.request_id": record.request_id,
        "gatehouse.model": record.model,
        "gatehouse.surface": record.surface,
        "gatehouse.status": record.status,
        "gatehouse.attempts": record.attempts,
        "gatehouse.attempt_log": attempt_lines(record.attempt_log) or None,
        "gatehouse.overhead_us": record.overhead_us,
    }
    return {name: value for name, value in said.items() if value is not None and value != ""}

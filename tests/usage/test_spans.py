import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.usage.records import a_log, a_record
from usage.flusher import Flusher
from usage.journal import Journal, segments
from usage.spans import Spans, configured_spans


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def spans(exporter):
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    spans = Spans(provider, lambda: {"our-azure": "azure", "router": "openrouter"})
    yield spans
    spans.close()


def the_span(spans, exporter, **fields):
    spans.add([a_record(**fields)])
    (span,) = exporter.get_finished_spans()
    return span


def test_a_record_becomes_a_span_with_its_times(spans, exporter):
    span = the_span(spans, exporter, accepted_at=1_750_000_000.25, duration_ms=1500)
    assert (span.name, span.kind) == ("chat gpt-4o", SpanKind.CLIENT)
    assert span.start_time == 1_750_000_000_250_000_000
    assert span.end_time - span.start_time == 1_500_000_000
    assert span.status.status_code is StatusCode.UNSET


def test_its_attributes_are_those_of_the_conventions(spans, exporter):
    fields = {"is_streamed": True, "first_byte_ms": 40, "cached_tokens": 5, "model": "mine"}
    attributes = the_span(spans, exporter, **fields).attributes
    names = {name: value for name, value in attributes.items() if name.startswith("gen_ai.")}
    assert names == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.04,
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 5,
    }
    assert attributes["gatehouse.model"] == "mine"


@pytest.mark.parametrize(
    ("connection", "provider"),
    [("our-azure", "azure.ai.openai"), ("router", "openrouter"), ("deleted", "deleted")],
)
def test_the_provider_has_the_name_of_the_conventions(spans, exporter, connection, provider):
    attributes = the_span(spans, exporter, connection=connection, cache_write_tokens=7).attributes
    assert attributes["gen_ai.provider.name"] == provider
    assert attributes["gatehouse.connection"] == connection
    assert attributes["gen_ai.usage.cache_write.input_tokens"] == 7


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"status": 502, "error_code": "upstream_timeout"}, "upstream_timeout"),
        ({"status": 499}, "499"),
        ({"status": 200, "error_code": "upstream_invalid_response"}, "upstream_invalid_response"),
    ],
)
def test_a_failure_is_one(spans, exporter, fields, error):
    span = the_span(spans, exporter, **fields)
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, error)


def test_what_clients_make_up_names_no_span(spans, exporter):
    span = the_span(spans, exporter, model="made-up", upstream_model="", connection="", status=404)
    assert span.name == "chat"


def test_nobody_is_named(spans, exporter):
    span = the_span(spans, exporter)
    told = f"{span.name} {dict(span.attributes)}"  # the resource has a random id
    assert "ada" not in told
    assert "7777" not in told


@pytest.mark.django_db(transaction=True)
async def test_spans_are_made_of_what_is_stored(journal_directory, spans, exporter):
    journal = Journal(journal_directory)
    flusher = Flusher(journal, syncs=False, on_stored=spans.add)
    journal.append(a_record(request_id="req_1"))
    journal.append(a_record(request_id="req_2"))
    await flusher.flush()
    await flusher.stop()
    ids = [span.attributes["gatehouse.request_id"] for span in exporter.get_finished_spans()]
    assert ids == ["req_1", "req_2"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("nonsense", [{"accepted_at": "x"}, {"duration_ms": None}])
async def test_nonsense_makes_no_span_and_holds_nothing_up(
    journal_directory, spans, exporter, nonsense, caplog
):
    journal = Journal(journal_directory)
    flusher = Flusher(journal, syncs=False, on_stored=spans.add)
    journal.append(a_record(request_id="req_1", **nonsense))
    journal.append(a_record(request_id="req_2"))
    assert await flusher.flush()
    await flusher.stop()
    ids = [span.attributes["gatehouse.request_id"] for span in exporter.get_finished_spans()]
    assert (ids, segments(journal_directory)) == (["req_2"], [])
    assert "req_1 makes no span" in caplog.text


def test_there_are_none_unless_they_are_wanted():
    assert configured_spans() is None


def test_what_is_not_installed_is_told(settings, caplog, monkeypatch):
    settings.GATEWAY_OTEL = True
    missing = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    with caplog.at_level(logging.WARNING):
        assert configured_spans() is None
    assert "requirements/tracing.txt" in caplog.text


def test_a_span_tells_each_attempt_where_there_were_several(spans, exporter):
    span = the_span(spans, exporter, attempts=3, attempt_log=a_log())
    assert span.attributes["gatehouse.attempts"] == 3
    assert span.attributes["gatehouse.attempt_log"][0] == "azure-eu …a1b2 429 120 ms → other key"

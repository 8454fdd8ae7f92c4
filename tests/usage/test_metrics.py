import pytest

from tests.usage.records import a_log, a_record
from usage.metrics import (
    DURATION,
    OUTCOMES,
    OVERHEAD,
    RETRIES,
    TOKENS,
    Metrics,
    label,
    merged,
    rendered,
)
from usage.worker_metrics import WorkerMetrics


def text_of(*several):
    return rendered(merged(metrics.histograms() for metrics in several), {})


def counted(*records):
    metrics = Metrics()
    for record in records:
        metrics.count(record)
    return metrics


def value(text, beginning):
    """The value of the one line that begins so and holds nothing of an error."""
    (line,) = [line for line in text.splitlines() if line.startswith(beginning)]
    return float(line.rpartition(" ")[2])


def test_durations_are_counted_in_buckets():
    text = text_of(counted(a_record(duration_ms=15), a_record(duration_ms=3000)))
    kind = 'gen_ai_operation_name="chat/completions",gen_ai_provider_name="openai"'
    labels = f'{kind},gen_ai_request_model="gpt-4o",error_type=""'
    assert value(text, f'{DURATION}_bucket{{{labels},le="0.01"}}') == 0
    assert value(text, f'{DURATION}_bucket{{{labels},le="0.02"}}') == 1
    assert value(text, f'{DURATION}_bucket{{{labels},le="+Inf"}}') == 2
    assert value(text, f"{DURATION}_sum") == 3.015
    assert value(text, f"{DURATION}_count") == 2


def test_tokens_are_counted_by_type():
    text = text_of(counted(a_record(), a_record(status=502, prompt_tokens=None)))
    sums = [line for line in text.splitlines() if line.startswith(f"{TOKENS}_sum")]
    assert [line.rpartition(" ")[2] for line in sums] == ["1000", "200"]


def test_our_own_share_is_counted():
    text = text_of(counted(a_record(overhead_us=700), a_record(overhead_us=None)))
    assert value(text, f"{OVERHEAD}_count") == 1
    assert value(text, f"{OVERHEAD}_sum") == 0.0007


def test_workers_are_added_up():
    text = text_of(counted(a_record()), counted(a_record(), a_record()))
    assert value(text, f"{DURATION}_count") == 3


def test_what_clients_and_upstreams_make_up_is_no_label():
    text = text_of(
        counted(
            *(a_record(connection="", model=f"m{n}", status=404) for n in range(50)),
            *(a_record(error_code=f"code{n}", status=400) for n in range(50)),
        )
    )
    assert text.count(f"{DURATION}_count") == 2
    assert "m7" not in text
    assert "code7" not in text


def test_labels_are_escaped():
    assert label("model", 'a"b\\c\nd') == r'model="a\"b\\c\nd"'


def test_attempts_are_counted_by_connection_and_outcome():
    several = [counted(a_record(attempt_log=a_log()), a_record()), counted(a_record())]
    text = text_of(*several, counted(a_record(connection="", attempts=0)))
    assert f"# TYPE {OUTCOMES} counter" in text
    assert value(text, f'{OUTCOMES}{{gen_ai_provider_name="openai",outcome="success"}}') == 3
    assert value(text, f'{OUTCOMES}{{gen_ai_provider_name="azure-eu",outcome="rate_limited"}}') == 1
    assert sorted(line for line in text.splitlines() if line.startswith(RETRIES)) == [
        f'{RETRIES}{{gen_ai_provider_name="azure-eu",outcome="rate_limited"}} 1',
        f'{RETRIES}{{gen_ai_provider_name="azure-us",outcome="failed"}} 1',
    ]


def test_what_upstreams_say_of_an_attempt_is_no_label():
    logs = [a_log(code=f"code{n}", status=n, model=f"m{n}") for n in range(400, 450)]
    text = text_of(counted(*(a_record(attempt_log=log) for log in logs)))
    assert text.count(f"{OUTCOMES}{{") == 3


def test_gauges_and_counters_have_their_type():
    text = rendered(merged([]), {"gatehouse_requests_in_flight": {"": 3.0}})
    assert "# TYPE gatehouse_requests_in_flight gauge\ngatehouse_requests_in_flight 3\n" in text


@pytest.fixture
def open_exchange(tmp_path):
    opened = []

    def open_exchange(*records, in_flight=1.0):
        exchange = WorkerMetrics(
            tmp_path / "metrics", counted(*records), lambda: {"in_flight": in_flight}
        )
        exchange.open()
        opened.append(exchange)
        return exchange

    yield open_exchange
    for exchange in opened:
        exchange.close()


def counts(exchange):
    return value(
        rendered(merged(f.histograms for f in exchange.everybody()), {}), f"{DURATION}_count"
    )


def test_a_worker_tells_of_the_others(open_exchange):
    first, second = open_exchange(a_record()), open_exchange(a_record())
    second.publish()
    assert counts(first) == 2
    assert [figures.gauges for figures in first.everybody()] == [{"in_flight": 1.0}] * 2


def test_a_worker_that_has_gone_still_counts_but_does_nothing(open_exchange):
    first, second = open_exchange(a_record()), open_exchange(a_record())
    second.close()
    assert counts(first) == 2
    assert [figures.is_alive for figures in first.everybody()] == [True, False]


def test_the_first_worker_starts_at_zero(open_exchange):
    open_exchange(a_record()).close()
    assert counts(open_exchange(a_record())) == 1


def test_a_damaged_file_is_passed_over(open_exchange, tmp_path):
    exchange = open_exchange(a_record())
    (tmp_path / "metrics" / "1-abc.json").write_text("{")
    assert counts(exchange) == 1

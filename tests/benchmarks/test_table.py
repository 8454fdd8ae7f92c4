import pytest

from benchmarks import table

FIGURES = {
    "cpu_per_request_us": 500.0,
    "requests_per_second": 2000.0,
    "cpu_per_chunk_us": 20.04,
    "stream": {"ttft_p50_ms": 40.0, "ttft_p99_ms": 50.0},
    "idle_rss_mb": 100.0,
    "after_rss_mb": 120.0,
    "rss_per_stream_kb": 0.0,
    "start_seconds": 1.23,
}


def test_one_contender_is_what_others_are_compared_with():
    other = FIGURES | {"cpu_per_request_us": 7650.0, "requests_per_second": 130.0}
    lines = table.rendered({"ours": FIGURES, "theirs": other}, reference="ours").splitlines()
    assert [cell.strip() for cell in lines[0].split("|")] == ["", "", "ours", "theirs", ""]
    assert lines[2].split("|")[1].strip() == "CPU per chat request"
    assert lines[2].split("|")[2].strip() == "500 µs"
    assert lines[2].split("|")[3].strip() == "7,650 µs (15x)"
    assert lines[3].split("|")[3].strip() == "130 (0.065x)"
    assert lines[4].split("|")[3].strip() == "20.0 µs (1.0x)"


def test_nothing_is_compared_with_nothing():
    lines = table.rendered({"ours": FIGURES, "theirs": FIGURES}, reference="ours").splitlines()
    assert "RSS per stream" in lines[9]
    assert lines[9].split("|")[3].strip() == "0 KB"


def test_a_contender_that_was_asked_for_no_streams_has_no_figures_of_them():
    chats = {
        name: figure
        for name, figure in FIGURES.items()
        if name not in {"stream", "cpu_per_chunk_us", "rss_per_stream_kb"}
    }
    lines = table.rendered({"ours": FIGURES, "theirs": chats}, reference="ours").splitlines()
    cells = [line.split("|")[3].strip() for line in lines[2:]]
    assert cells[:5] == ["500 µs (1.0x)", "2,000 (1.0x)", "–", "–", "–"]
    assert cells[7] == "–"


def test_without_it_nothing_is_compared():
    lines = table.rendered({"theirs": FIGURES}, reference="ours").splitlines()
    assert [cell.strip() for cell in lines[2].split("|")] == [
        "",
        "CPU per chat request",
        "500 µs",
        "",
    ]


def test_where_none_could_be_measured_only_labels_are_left():
    assert "start to ready" in table.rendered({}, reference="ours")


@pytest.mark.parametrize(("value", "shown"), [(12.3, "12x"), (2.64, "2.6x"), (0.0432, "0.043x")])
def test_ratios_have_two_figures(value, shown):
    assert table.ratio(value) == shown

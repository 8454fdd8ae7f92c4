from usage.limit_counts import MOST_LABELS, LimitCounts, limit_counts
from usage.metrics import QUEUED, REFUSED, Metrics


def test_each_limit_is_counted_by_its_label():
    counts = LimitCounts()
    for label in ("a", "b", "a"):
        counts.refuse(label)
    counts.queue("a")
    assert (counts.refused, counts.queued) == ({"a": 2, "b": 1}, {"a": 1})


def test_the_number_of_labels_is_bounded():
    counts = LimitCounts()
    for number in range(MOST_LABELS + 20):
        counts.refuse(f"{number}")
    counts.refuse("0")
    assert len(counts.refused) == MOST_LABELS + 1
    assert (counts.refused[""], counts.refused["0"]) == (20, 2)


def test_the_metrics_tell_them():
    limit_counts.refuse('the "best"')
    limit_counts.queue("told")
    found = Metrics().histograms()
    assert found[REFUSED]['limit="the \\"best\\""'] == [limit_counts.refused['the "best"']]
    assert found[QUEUED]['limit="told"'] == [limit_counts.queued["told"]]

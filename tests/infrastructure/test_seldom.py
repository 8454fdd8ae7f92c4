"""Lines of the log that come once a minute."""

from proxy.answering import seldom


def test_a_line_comes_once_a_minute(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(seldom.time, "monotonic", lambda: now[0])
    assert [seldom.may_be_said("a line"), seldom.may_be_said("a line")] == [True, False]
    assert seldom.may_be_said("another line")
    now[0] += seldom.EVERY_SECONDS
    assert seldom.may_be_said("a line")


def test_few_lines_are_remembered(monkeypatch):
    monkeypatch.setattr(seldom, "MOST_LINES", 2)
    for line in ("one", "two", "three"):
        assert seldom.may_be_said(line)
    assert seldom.may_be_said("one")

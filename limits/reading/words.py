"""Amounts of limits in words, as errors, pages and mails tell them."""

from __future__ import annotations

from limits.choices import Metric, Share, SubjectKind, Window
from limits.quantities import amount_of
from limits.rule import Rule

NOUNS = {  # of one, of several
    Metric.REQUESTS: ("request", "requests"),
    Metric.TOKENS: ("token", "tokens"),
    Metric.INPUT_TOKENS: ("input token", "input tokens"),
    Metric.OUTPUT_TOKENS: ("output token", "output tokens"),
    Metric.CONCURRENCY: ("request at once", "requests at once"),
    Metric.USD: ("US dollar", "US dollars"),
    Metric.AUDIO_SECONDS: ("second of audio", "seconds of audio"),
    Metric.IMAGES: ("image", "images"),
}
SPANS = {
    Window.NONE: "",
    Window.MINUTE: "a minute",
    Window.HOUR: "an hour",
    Window.DAY: "a day",
    Window.WEEK: "a week",
    Window.MONTH: "a month",
    Window.TOTAL: "in total",
}
OF_ONE = frozenset({SubjectKind.USER, SubjectKind.KEY})


def is_own(rule: Rule) -> bool:
    """Whether a share of ``rule`` counts one caller alone, who may be told all of its numbers."""
    return rule.share is not Share.POOL or rule.subject_kind in OF_ONE


def amount_in_words(rule: Rule, amount: int) -> str:
    """``amount``, in the units of meters, of what ``rule`` limits: ``20 requests a minute``."""
    number = amount_of(rule.metric, amount).normalize()
    one, several = NOUNS[rule.metric]
    return f"{number:f} {one if number == 1 else several} {SPANS[rule.window]}".rstrip()

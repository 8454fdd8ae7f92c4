"""Amounts of limits in words, as clients are told them."""

from __future__ import annotations

from limits.choices import Metric
from limits.configuration import descriptions
from limits.quantities import amount_of
from limits.rule import Rule

NOUNS = descriptions.NOUNS | {Metric.USD: ("US dollar", "US dollars")}  # of one, of several


def amount_in_words(rule: Rule, amount: int, *, has_commas: bool = False) -> str:
    """``amount``, in the units of meters, of what ``rule`` limits: ``20 requests a minute``.

    ``has_commas`` sets thousands apart, as pages do.
    """
    number = amount_of(rule.metric, amount).normalize()
    one, several = NOUNS[rule.metric]
    figure = f"{number:,f}" if has_commas else f"{number:f}"
    return f"{figure} {one if number == 1 else several} {descriptions.PERIODS[rule.window]}"

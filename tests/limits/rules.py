"""Rules made of nothing but what a test cares about."""

from __future__ import annotations

from limits.choices import Metric, SubjectKind, Window
from limits.rule import Rule


def a_rule(**fields: object) -> Rule:
    """Ten requests a day for everyone together, unless ``fields`` say otherwise."""
    defaults = {
        "id": 1,
        "label": "ten a day",
        "subject_kind": SubjectKind.EVERYONE,
        "metric": Metric.REQUESTS,
        "amount": 10,
        "window": Window.DAY,
    }
    return Rule(**(defaults | fields))

"""Limits, their raises, what was used of them by period, and the alerts that were sent."""

from limits.models.alerts import LimitAlert
from limits.models.limits import Limit, LimitChange
from limits.models.periods import Period

__all__ = ["Limit", "LimitAlert", "LimitChange", "Period"]

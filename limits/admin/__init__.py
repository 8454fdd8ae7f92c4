"""The admin of limits, their raises and their alerts."""

from limits.admin import alerts, limits, losses

__all__ = ["alerts", "limits", "losses"]

"""What admins say of routes, and how far the gateway goes for a request."""

from resilience.models.policies import ResiliencePolicy
from resilience.models.routes import Route, RouteTarget

__all__ = ["ResiliencePolicy", "Route", "RouteTarget"]

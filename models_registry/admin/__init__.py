"""The admin of grants, models and routes."""

from models_registry.admin import grants, losses, registered_models, routes

__all__ = ["grants", "losses", "registered_models", "routes"]

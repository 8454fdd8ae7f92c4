"""The admin of grants, models and routes."""

from models_registry.admin import grants, registered_models, routes

__all__ = ["grants", "registered_models", "routes"]

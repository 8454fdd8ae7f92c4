"""The admin of grants and models."""

from models_registry.admin import grants, registered_models

__all__ = ["grants", "registered_models"]

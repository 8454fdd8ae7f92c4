"""The admin of people and their keys."""

from accounts.admin import api_keys, sign_in, users

__all__ = ["api_keys", "sign_in", "users"]

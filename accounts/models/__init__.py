"""People, how they come in, their keys, the gateway's own secrets, and the counter of changes."""

from accounts.models.api_key_states import ApiKeyQuerySet, KeyHealth, KeyState
from accounts.models.api_keys import (
    DEFAULT_OVERLAP,
    ApiKey,
    ApiKeyManager,
    KeyEndedError,
    inference_alone,
    validate_model_patterns,
    validate_scopes,
)
from accounts.models.client_secrets import ClientSecret, ClientSecretQuerySet
from accounts.models.config_version import ConfigVersion
from accounts.models.departed import Departed
from accounts.models.earlier_keys import UNKNOWN_HINT, EarlierKey, EarlierKeyQuerySet
from accounts.models.identities import Identity
from accounts.models.invitations import LIFETIME, Invitation, InvitationQuerySet
from accounts.models.oauth_tokens import OAuthToken
from accounts.models.stored_secret import StoredSecret, api_key_pepper
from accounts.models.users import User

__all__ = [
    "DEFAULT_OVERLAP",
    "LIFETIME",
    "UNKNOWN_HINT",
    "ApiKey",
    "ApiKeyManager",
    "ApiKeyQuerySet",
    "ClientSecret",
    "ClientSecretQuerySet",
    "ConfigVersion",
    "Departed",
    "EarlierKey",
    "EarlierKeyQuerySet",
    "Identity",
    "Invitation",
    "InvitationQuerySet",
    "KeyEndedError",
    "KeyHealth",
    "KeyState",
    "OAuthToken",
    "StoredSecret",
    "User",
    "api_key_pepper",
    "inference_alone",
    "validate_model_patterns",
    "validate_scopes",
]

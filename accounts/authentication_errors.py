"""Refusals of credentials, and of what trusted callers say of their users."""

from __future__ import annotations

from rest_framework import exceptions, status

INVALID_KEY_MESSAGE = (
    "The API key is missing or not valid. Send it as `Authorization: Bearer <key>`."
)


class InvalidApiKey(exceptions.AuthenticationFailed):
    default_detail = INVALID_KEY_MESSAGE
    default_code = "invalid_api_key"


class ConflictingCredentials(exceptions.AuthenticationFailed):
    default_detail = "The request carries two different credentials. Send one."
    default_code = "conflicting_credentials"


class AuthenticationUnavailable(exceptions.APIException):
    status_code: int = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The API key cannot be checked at the moment. Try again shortly."
    default_code = "authentication_unavailable"


class TooManyUnknownKeys(AuthenticationUnavailable):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_detail = "Too many unknown API keys came from this address. Try again shortly."
    default_code = "rate_limit_exceeded"
    wait = 1.0  # seconds, for Retry-After


class InvalidUserHeader(exceptions.APIException):
    """A trusted caller names its user in a way that cannot be read."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "invalid_user_header"


class UnknownUser(exceptions.PermissionDenied):
    default_detail = (
        "No user of the gateway has the mail address in `X-OpenWebUI-User-Email`. An administrator "
        "can make a user with this address, or let the API key make unknown users in a group."
    )
    default_code = "unknown_user"


class DepartedUser(UnknownUser):
    default_detail = (
        "The user with the mail address in `X-OpenWebUI-User-Email` was deleted from the gateway. "
        "Only an administrator can make a user with this address again."
    )


class InactiveUser(exceptions.PermissionDenied):
    default_detail = (
        "The user with the mail address in `X-OpenWebUI-User-Email` is not active in the gateway. "
        "An administrator can activate the user."
    )
    default_code = "user_not_active"


class AmbiguousUser(exceptions.PermissionDenied):
    default_detail = (
        "Several active users of the gateway have the mail address in `X-OpenWebUI-User-Email`. "
        "An administrator must give each of them an address of their own."
    )
    default_code = "ambiguous_user"


class UserNotAllowed(exceptions.PermissionDenied):
    """The key may not speak for users any more, or no longer for this one."""

    default_detail = "This API key may not speak for this user any more."
    default_code = "user_not_allowed"

"""``POST /v1/realtime/client_secrets``: keys that may be given to browsers.

A secret is good for minutes, for sockets of realtime alone, and not longer than the API key that
made it. The session it was made for is sent to the upstream when such a socket opens.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.changes import DATABASE_ERRORS
from accounts.client_secrets import MadeSecret, TooManySecretsError, make_client_secret
from accounts.models import ApiKey
from infrastructure.outages import Cause, outages
from models_registry.registry import active
from proxy.answering.routing import check_model_id, route
from proxy.api import ApiView
from proxy.client_side.errors import AnsweredError, ApiError, InvalidRequestError
from proxy.client_side.rendering import JsonResponse
from proxy.references.ownership import permitted
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject

SHORTEST, LONGEST, DEFAULT_SECONDS = 10, 7200, 600  # OpenAI's
LEGACY_SECONDS = 60
LARGEST_SESSION_BYTES = 256 * 1024
TYPES = ("realtime", "transcription")
SECRETS = Cause(
    lost="Client secrets cannot be made and are answered 503 store_unavailable",
    back="Client secrets can be made again",
)


class ClientSecretsView(ApiView):
    async def post(self, request: Request) -> HttpResponseBase:
        body = self.payload
        session = read_session(body.get("session"))
        made = await self.made(session, seconds=read_seconds(body.get("expires_after")))
        shown = described(session, made)
        return JsonResponse({"value": made.value, "expires_at": made.expires_at, "session": shown})

    async def made(self, session: JsonObject, *, seconds: int) -> MadeSecret:
        """A secret for ``session``, which must be one that the caller could open a socket for."""
        await self.check(session)
        try:
            with outages.told(SECRETS, *DATABASE_ERRORS):
                return await make_client_secret(
                    self.credential, self.caller, session, seconds=seconds
                )
        except ApiKey.DoesNotExist:
            raise AnsweredError(
                "Client secrets are made with an API key, and not with another credential.",
                status=HTTPStatus.FORBIDDEN,
                kind="permission_error",
                code="permission_denied",
            ) from None
        except TooManySecretsError:
            raise AnsweredError(
                "Too many client secrets of this API key, or too large ones, have not expired yet.",
                status=HTTPStatus.TOO_MANY_REQUESTS,
                kind="rate_limit_error",
                code="rate_limit_exceeded",
            ) from None
        except DATABASE_ERRORS as exc:
            raise unavailable() from exc

    async def check(self, session: JsonObject) -> None:
        """Raises ``ApiError`` for a model, or an object, that is not the caller's to use."""
        model = session.get("model")
        if model is None:
            return
        targets, _ = await route(active(), self.caller, model, endpoint="realtime")
        rest = {name: value for name, value in session.items() if name != "model"}
        message: JsonObject = {"type": "session.update", "session": rest}
        await permitted(message, targets, self.caller, has_items_of_its_own=True)


class RealtimeSessionsView(ClientSecretsView):
    """``POST /v1/realtime/sessions``, the form before: the body itself is the session."""

    async def post(self, request: Request) -> HttpResponseBase:
        session = read_session(dict(self.payload))
        made = await self.made(session, seconds=LEGACY_SECONDS)
        secret = {"value": made.value, "expires_at": made.expires_at}
        shown = {"id": session_id(), "object": "realtime.session"} | session
        return JsonResponse(shown | {"client_secret": secret})


def read_session(value: Any) -> JsonObject:
    """The session of a request; empty if there is none. Raises ``InvalidRequestError``."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequestError("`session` must be an object.", param="session")
    if value.get("type", "realtime") not in TYPES:
        raise InvalidRequestError(
            "`session.type` must be `realtime` or `transcription`.", param="session.type"
        )
    model = value.get("model")
    if model is not None:
        if not isinstance(model, str) or not model:
            raise InvalidRequestError("`session.model` must be a string.", param="session.model")
        check_model_id(model)
    if len(encoded_json(value)) > LARGEST_SESSION_BYTES:
        raise InvalidRequestError(
            f"`session` must not be larger than {LARGEST_SESSION_BYTES} bytes.", param="session"
        )
    return value


def read_seconds(value: Any) -> int:
    """The lifetime that ``expires_after`` asks for. Raises ``InvalidRequestError``."""
    if value is None:
        return DEFAULT_SECONDS
    if not isinstance(value, dict) or value.get("anchor", "created_at") != "created_at":
        raise InvalidRequestError(
            "`expires_after` must be an object whose `anchor` is `created_at`.",
            param="expires_after",
        )
    seconds = value.get("seconds", DEFAULT_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        seconds = 0
    if not SHORTEST <= seconds <= LONGEST:
        raise InvalidRequestError(
            f"`expires_after.seconds` must be an integer from {SHORTEST} to {LONGEST}.",
            param="expires_after.seconds",
        )
    return seconds


def described(session: JsonObject, made: MadeSecret) -> JsonObject:
    """``session`` as OpenAI answers with one."""
    kind = session.get("type", "realtime")
    shown: JsonObject = {
        "id": session_id(),
        "object": f"realtime.{'session' if kind == 'realtime' else 'transcription_session'}",
        "expires_at": made.expires_at,
    }
    return shown | session | {"type": kind}


def session_id() -> str:
    return f"sess_{secrets.token_hex(12)}"


def unavailable() -> ApiError:
    return AnsweredError(
        "The client secret cannot be kept at the moment. Try again shortly.",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        kind="server_error",
        code="store_unavailable",
    )

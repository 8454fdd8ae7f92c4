"""The base of the endpoints about oneself: whose key asks, and how refusals read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar

from channels.db import database_sync_to_async

from accounts.caller import Scope
from accounts.client_address import address_of_request
from accounts.models import User
from infrastructure.origin import Origin, Way, made_by
from portal.refusals import ForbiddenError, NotTheirsError, RefusedError
from proxy.api import ApiView
from proxy.client_side.errors import AnsweredError, ApiError, InvalidRequestError
from wire_formats.json_types import JsonObject

Found = TypeVar("Found")
KINDS = {str: "a string", int: "an integer", list: "an array", bool: "a boolean"}


class OwnView(ApiView):
    """For any key that calls models. All that is read is narrowed to the caller's user."""

    async def for_user(self, read: Callable[..., Found], *args: Any, **more: Any) -> Found:
        """``read(user, …)`` in a thread; its refusals become errors of the API."""
        user_id, meta = self.caller.user_id, self.api_request.META
        origin = Origin(way=Way.API, name=self.api_request.path, address=address_of_request(meta))

        def run() -> Found:
            user = User.objects.filter(pk=user_id, is_active=True).first()
            if user is None:  # since the key was last looked up
                raise ForbiddenError("The user of this API key is not active.")
            with made_by(replace(origin, user=lambda: user)):
                return read(user, *args, **more)

        try:
            return await database_sync_to_async(run)()
        except RefusedError as exc:
            raise as_api_error(exc) from exc

    def refuse_those_who_speak_for_others(self) -> None:
        """A key that speaks for users acts as them where models are called, and nowhere else."""
        if self.caller.may_speak_for_users or self.caller.spoken_for:
            raise forbidden("A key that speaks for users decides nothing for them.")

    def refuse_records_of_those_spoken_for(self) -> None:
        """Its holder would read of everybody whose mail address they know."""
        if self.caller.spoken_for:
            raise forbidden("A key that speaks for users calls models as them, and no more.")


class KeyView(OwnView):
    """For keys with the scope ``keys``."""

    permission_classes = ()

    def needs_scope(self) -> None:
        self.refuse_those_who_speak_for_others()
        if not self.caller.has_scope(Scope.KEYS):
            raise forbidden(
                "This API key does not manage keys: it lacks the scope keys. People make their "
                "keys in the portal."
            )


def forbidden(message: str) -> ApiError:
    return AnsweredError(
        message,
        status=HTTPStatus.FORBIDDEN,
        kind="permission_error",
        code="permission_denied",
    )


def as_api_error(exc: RefusedError) -> ApiError:
    match exc:
        case ForbiddenError():
            return forbidden(exc.message)
        case NotTheirsError():
            return AnsweredError(
                exc.message,
                status=HTTPStatus.NOT_FOUND,
                kind="invalid_request_error",
                code="not_found",
            )
        case _:
            return InvalidRequestError(exc.message, param=exc.field or None, code=exc.code or None)


def field_of(body: JsonObject, name: str, kind: type, default: Any) -> Any:
    """The field ``name`` of ``body``, or ``default`` for none. Raises ``InvalidRequestError``."""
    value = body.get(name)
    if value is None:
        return default
    is_of_kind = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if not is_of_kind:
        raise InvalidRequestError(f"`{name}` must be {KINDS[kind]}.", param=name)
    return value


def strings_of(body: JsonObject, name: str) -> tuple[str, ...]:
    """The field ``name``, an array of strings; empty for none. Raises ``InvalidRequestError``."""
    values = field_of(body, name, list, [])
    if not all(isinstance(value, str) for value in values):
        raise InvalidRequestError(f"`{name}` must be an array of strings.", param=name)
    return tuple(values)

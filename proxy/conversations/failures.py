"""What clients are told where the store does not answer, or does not have what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

from accounts.changes import DATABASE_ERRORS
from infrastructure.outages import Cause, outages
from proxy.client_side.errors import AnsweredError, ApiError, InvalidRequestError
from proxy.conversations.sealed import UnreadableRowError

Args = ParamSpec("Args")
Result = TypeVar("Result")
LONGEST_SHOWN = 200
STORE = Cause(
    lost="What the gateway keeps of conversations is answered 503 store_unavailable",
    back="What the gateway keeps of conversations can be reached again",
)


class ConversationTooLargeError(InvalidRequestError):
    code = "conversation_too_large"

    def __init__(self, most: int, *, param: str) -> None:
        super().__init__(
            f"The conversation is larger than the {most} bytes that are kept. Begin a new one.",
            param=param,
        )


async def from_store(
    call: Callable[Args, Result], *args: Args.args, **named: Args.kwargs
) -> Result:
    """The result of ``call`` in a database thread. Raises ``ApiError`` for a store that is down."""
    try:
        with outages.told(STORE, *DATABASE_ERRORS):
            return await database_sync_to_async(call)(*args, **named)
    except DATABASE_ERRORS as exc:
        raise AnsweredError(
            "What is stored cannot be reached at the moment. Try again shortly.",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            kind="server_error",
            code="store_unavailable",
        ) from exc
    except UnreadableRowError as exc:
        raise ApiError(
            "This can no longer be read: its encryption key is missing. Tell an administrator.",
            code="store_unreadable",
        ) from exc


def not_found(what: str, id_: str) -> ApiError:
    """The 404 for a ``what`` that does not exist, or that belongs to somebody else."""
    return AnsweredError(
        f"{what} with id '{id_[:LONGEST_SHOWN]}' not found.",
        status=HTTPStatus.NOT_FOUND,
        kind="invalid_request_error",
        code=f"{what.lower()}_not_found",
    )


def previous_not_found(id_: str) -> ApiError:
    """The error for a response to go on from that is not the caller's, or is not kept."""
    return InvalidRequestError(
        f"Previous response with id '{id_[:LONGEST_SHOWN]}' not found.",
        param="previous_response_id",
        code="previous_response_not_found",
    )

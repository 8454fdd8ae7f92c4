"""Every error the API answers with.

ApiError
├── InvalidRequestError         400  the request cannot be understood
├── ThreadNotFoundError         400  no message of the caller's to go on from
├── ThreadUnsupportedError      400  no upstream of the model holds conversations
├── ModelNotFoundError          404  unknown, or not for this caller: the same answer
├── MethodNotAllowedError       405
├── PayloadTooLargeError        413
├── RequestTooComplexError      413  more structure than is parsed
├── RequestTimeoutError         408  the client stopped sending in mid-request
├── ApiDisabledError            503  switched off by an admin
├── NotReadyError               503  the database is not migrated
├── StoppedError                503  ended by the gateway before its time
├── UpstreamUnavailableError    502  no target could be reached
├── UpstreamTimeoutError        504
├── AllTargetsCoolingError      503  each target asked for some time without requests
├── UpstreamAnswerError         502  the upstream's answer makes no sense
└── AnsweredError               the status and type of DRF's exceptions, of an upstream's error, or
                                of what a limit refuses (:mod:`proxy.client_side.limit_errors`)

``message`` is always safe to show. Raise meaning; ``proxy.api`` renders it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from usage.exchange import StopReason
from wire_formats.json_types import JsonObject


class ApiError(Exception):
    """Rendered as OpenAI's error object; the class attributes are what most instances need."""

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    type: str = "server_error"
    code: str | None = None
    details: JsonObject | None = None  # for clients of the Messages API alone

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        more: JsonObject | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code or type(self).code
        self.headers = headers or {}
        self.more = more or {}  # fields of the upstream's error that OpenAI has not

    def body(self) -> JsonObject:
        """OpenAI's error object."""
        return {
            "error": self.more
            | {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }


class InvalidRequestError(ApiError):
    status = HTTPStatus.BAD_REQUEST
    type = "invalid_request_error"


class ThreadNotFoundError(InvalidRequestError):
    """Anthropic's SDKs send the whole conversation then, in a new thread."""

    code = "thread_not_found"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"No thread was found for `{place}`. Send the full conversation.", param=place
        )
        self.details = {"error_code": self.code}


class ThreadUnsupportedError(InvalidRequestError):
    """Anthropic's SDKs send the whole conversation then, without a thread."""

    code = "thread_unsupported_request"

    def __init__(self) -> None:
        super().__init__(
            "The upstream of this model holds no threads. Send the full conversation without "
            "`thread`.",
            param="thread",
        )
        self.details = {"error_code": self.code}


class ModelNotFoundError(InvalidRequestError):
    status = HTTPStatus.NOT_FOUND
    code = "model_not_found"

    def __init__(self, model: str, *, param: str = "model") -> None:
        super().__init__(
            f"The model `{model[:200]}` does not exist or you do not have access to it.",
            param=param,
        )


class MethodNotAllowedError(InvalidRequestError):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        super().__init__(
            f"The method {method[:20]} is not allowed here.",
            headers={"allow": ", ".join(allowed)},
        )


class PayloadTooLargeError(InvalidRequestError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "request_too_large"

    def __init__(self, limit: int, *, advice: str = "") -> None:
        super().__init__(f"The request body is larger than {limit} bytes. {advice}".rstrip())


class RequestTooComplexError(InvalidRequestError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "request_too_complex"

    def __init__(self) -> None:
        super().__init__(
            "The request body has too many JSON values. Each of the characters `,`, `:`, `[` and "
            "`{` counts outside of strings, and so does a backslash anywhere."
        )


class RequestTimeoutError(InvalidRequestError):
    status = HTTPStatus.REQUEST_TIMEOUT
    code = "request_timeout"

    def __init__(self) -> None:
        # The rest of the body may still arrive, so the connection cannot serve another request.
        headers = {"connection": "close"}
        super().__init__("The request body did not come in time.", headers=headers)


class ApiDisabledError(ApiError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "api_disabled"


class NotReadyError(ApiError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "not_ready"

    def __init__(self) -> None:
        super().__init__(
            "The gateway is not ready yet. Try again shortly.", headers={"retry-after": "5"}
        )


class StoppedError(ApiError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    messages = {
        StopReason.SHUTTING_DOWN: "The gateway is shutting down.",
        StopReason.ENDED_BY_STAFF: "An administrator ended this request.",
        StopReason.ACCESS_WITHDRAWN: "The access that this request needs was withdrawn.",
        StopReason.CANCELLED: "The client cancelled this request.",
    }

    def __init__(self, reason: StopReason) -> None:
        is_leaving = reason is StopReason.SHUTTING_DOWN  # another worker may well serve it
        headers = {"connection": "close"} if is_leaving else {"x-should-retry": "false"}
        super().__init__(self.messages[reason], code=reason.value, headers=headers)
        self.reason = reason


class UpstreamUnavailableError(ApiError):
    status = HTTPStatus.BAD_GATEWAY
    type = "upstream_error"
    code = "upstream_unavailable"


class AllTargetsCoolingError(UpstreamUnavailableError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "all_targets_cooling"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Every upstream of this model has reached a limit. Try again in {seconds} seconds.",
            headers={"retry-after": str(seconds), "x-should-retry": "true"},
        )


class UpstreamTimeoutError(UpstreamUnavailableError):
    status = HTTPStatus.GATEWAY_TIMEOUT
    code = "upstream_timeout"


class UpstreamAnswerError(UpstreamUnavailableError):
    code = "upstream_invalid_response"


class AnsweredError(ApiError):
    """An error whose status and type are known only when it happens."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        kind: str,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
        more: JsonObject | None = None,
    ) -> None:
        super().__init__(message, param=param, code=code, headers=headers, more=more)
        self.status = status
        self.type = kind

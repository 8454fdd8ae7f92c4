"""What can go wrong between here and an upstream.

UpstreamError
├── NotSentError            the upstream saw nothing: another try is safe
│   └── ProxyFailedError    the proxy on the way refuses, or cannot be reached
├── StoppingError           this worker is stopping, and sent nothing: no fault of the upstream
├── MaybeProcessedError     it may have worked on the request: another try may bill twice
└── MidStreamError          part of the answer has passed: nothing can be tried again
    └── TooLargeError       it is more than the gateway takes, as the client may have wanted

Messages are safe to show: no URL, no key, nothing the upstream said.
"""

from __future__ import annotations

import httpx

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class OutOfTimeError(httpx.ReadTimeout):
    """A response took longer than a whole one may. Its reader may have held it back."""


class TransportStoppedError(httpx.TransportError):
    """The transport has been closed and sends nothing more."""


class UpstreamError(Exception):
    """``is_timeout`` tells a silent upstream from a broken one."""

    def __init__(self, message: str, *, is_timeout: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_timeout = is_timeout


class NotSentError(UpstreamError):
    """The upstream surely saw nothing of the request."""


class ProxyFailedError(NotSentError):
    """The proxy in between did not let the request through."""


class StoppingError(UpstreamError):
    """The worker is stopping. Another one may well serve the request."""


class MaybeProcessedError(UpstreamError):
    """The request was on its way when it failed."""


class MidStreamError(UpstreamError):
    """The answer broke off."""


class TooLargeError(MidStreamError):
    """The answer is larger than the gateway takes."""

    def __init__(self) -> None:
        super().__init__("The upstream's answer is too large.")


def before_response(error: httpx.TransportError) -> UpstreamError:
    """The error of a request that got no response."""
    is_timeout = isinstance(error, httpx.TimeoutException)
    if isinstance(error, TransportStoppedError):
        return StoppingError("The gateway is shutting down.")
    if isinstance(error, httpx.ProxyError):  # raised by our transport alone, with words of ours
        return ProxyFailedError(str(error))
    if isinstance(error, NOT_SENT):
        what = "did not answer in time" if is_timeout else "cannot be reached"
        return NotSentError(f"The upstream {what}.", is_timeout=is_timeout)
    if is_timeout:
        return MaybeProcessedError("The upstream did not answer in time.", is_timeout=True)
    return MaybeProcessedError("The upstream broke the connection before it answered.")


def within_response(error: httpx.TransportError | httpx.DecodingError) -> MidStreamError:
    """The error of a response whose body could not be read to its end."""
    if isinstance(error, httpx.TimeoutException):
        return MidStreamError("The upstream fell silent in mid-answer.", is_timeout=True)
    if isinstance(error, httpx.DecodingError):
        return MidStreamError("The upstream's answer cannot be decoded.")
    return MidStreamError("The upstream broke off in mid-answer.")

"""The meaning of a response's status, for every step."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from connections.auth.base import AuthUnavailableError
from connections.calling.model_lists import LEADS_BACK
from connections.choices import Cause
from connections.errors import ProxyFailedError, UpstreamError
from connections.hops import is_loop
from connections.verify.inspection import Answer, Inspection
from connections.verify.network import speaks_tls
from connections.verify.result import Change, Finding, failed, warning

HANDSHAKE_SECONDS = 1.0
PROXY = (
    "Check the connection's proxy, or else GATEWAY_UPSTREAM_PROXY: its host, port, user and "
    "password, and whether it may reach the upstream."
)
SLOW = "It may be loading a model or be overloaded: try again, or allow more time."


def refusal(inspection: Inspection, answer: Answer) -> Finding | None:
    """The finding for an answer that is the same wherever it comes; None if it depends."""
    said = _in_words(answer)
    match answer.status:
        case 401 | 403:
            return _key_refused(inspection, answer)
        case 429:
            return warning(
                f"The upstream limits requests just now{said}",
                "Try again later, and look at the quota and billing of the account.",
                cause=Cause.RATE_LIMITED,
            )
        case 508 if is_loop(answer.status, answer.headers):
            return failed(
                f"{LEADS_BACK[:-1]} (508).",
                "Set the base URL to the upstream's own, or disable the connection.",
                cause=Cause.WRONG_URL,
            )
        case status if 300 <= status < 400:
            return failed(
                f"The upstream redirects{_target(inspection, answer)} ({status}).",
                "Redirects are not followed: give the URL that it redirects to.",
                cause=Cause.WRONG_URL,
            )
        case status if status >= 500:
            return failed(
                f"The upstream has a problem of its own{said}",
                "Look at the upstream's status page or log, and try again later.",
            )
    if answer.is_page:
        return failed(
            f"The upstream answers with a web page ({answer.status}).",
            "Check the path of the URL, which mostly ends in /v1. Is there a login page in front?",
            cause=Cause.WRONG_URL,
        )
    return None


def _key_refused(inspection: Inspection, answer: Answer) -> Finding:
    said = _in_words(answer)
    if answer.status == 401:
        hint = _about_the_key(inspection)
        return failed(f"The key is refused{said}", hint, cause=Cause.KEY_REFUSED)
    return failed(
        f"The key may not do this{said}",
        "Give the key the rights to list models and to use them, or use another one.",
        cause=Cause.KEY_REFUSED,
    )


def refused_otherwise(answer: Answer) -> Finding:
    """The finding for an answer that nothing more is known about."""
    return failed(
        f"The upstream refuses the request{_in_words(answer)}", "Check the URL and the provider."
    )


async def broken(inspection: Inspection, error: UpstreamError) -> Finding:
    """The finding for a request that got no answer, or half of one."""
    if error.is_timeout:
        return failed(error.message, SLOW)
    if isinstance(error, ProxyFailedError):
        return failed(error.message, PROXY)
    if await may_want_tls(inspection):
        return wants_tls(inspection)
    return failed(error.message, "Is it an HTTP server that listens on this port?")


def no_credential(error: AuthUnavailableError) -> Finding:
    """The finding for a request that could not be signed."""
    return failed(str(error), error.hint, cause=Cause.NO_CREDENTIAL)


async def may_want_tls(inspection: Inspection) -> bool:
    """Whether plain http was spoken to a port that answers a TLS handshake."""
    if inspection.scheme != "http" or not inspection.addresses:
        return False
    latest = asyncio.get_running_loop().time() + HANDSHAKE_SECONDS
    try:
        async with asyncio.timeout_at(min(inspection.deadline, latest)):
            return await speaks_tls(inspection)
    except TimeoutError:
        return False


def wants_tls(inspection: Inspection) -> Finding:
    https = inspection.upstream.base_url.replace("http://", "https://", 1)
    return failed(
        "The port speaks TLS.",
        "Write https:// in the URL, not http://.",
        cause=Cause.WRONG_URL,
        change=Change(field="base_url", value=https),
    )


def _in_words(answer: Answer) -> str:
    return f" ({answer.status}): {answer.message}" if answer.message else f" ({answer.status})."


def _about_the_key(inspection: Inspection) -> str:
    if not inspection.upstream.keys:
        return "The connection has no key that can be read: give it one."
    return "Enter the key again. Check that it is this provider's, not expired and not revoked."


def _target(inspection: Inspection, answer: Answer) -> str:
    """Where a redirect leads, without its query, which may hold anything."""
    try:
        parts = urlsplit(answer.headers.get("location", ""))
    except ValueError:
        return ""
    if not parts.hostname:
        return f" to {inspection.redactor.quoted(parts.path)}" if parts.path else ""
    return f" to {inspection.redactor.quoted(f'{parts.scheme}://{parts.hostname}{parts.path}')}"

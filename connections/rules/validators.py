"""The rules for a connection's fields. Validators raise ``ValidationError`` with helpful words."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import ValidationError

from accounts.outgoing_proxies import NO_PROXY, proxy_problem
from connections.rules.addresses import is_metadata_address
from connections.rules.gateway_identity import is_identity_scope, may_receive_identity

TOKEN = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")  # a header name, RFC 9110 section 5.6.2
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
REFUSED_HEADERS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "accept-encoding",
        "x-gateway-hops",
    }
)


def validate_scope(scope: str) -> None:
    if CONTROL.search(scope) or " " in scope:
        raise ValidationError("The scope holds a space or a control character.")


def normalise_base_url(url: str) -> str:
    """Without surrounding space and trailing slashes, scheme and host in lower case."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url.strip()
    return urlunsplit(
        (parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"), parts.query, "")
    )


def validate_base_url(url: str) -> None:
    if CONTROL.search(url) or " " in url.strip() or "\\" in url:
        raise ValidationError("The URL holds a space, a backslash or a control character.")
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname, parts.port
    except ValueError as exc:
        raise ValidationError(f"This is not a URL: {exc}.") from exc
    if parts.scheme.lower() not in {"http", "https"}:
        raise ValidationError("The URL must begin with http:// or https://.")
    if not host:
        raise ValidationError("The URL names no host.")
    if parts.username is not None or parts.password is not None:
        raise ValidationError("Put credentials in the key, not in the URL.")
    if parts.query or parts.fragment:
        raise ValidationError("The URL cannot hold a ? or a #: it ends with its path.")
    _refuse_metadata(host)


def validate_proxy(value: str) -> None:
    """Check a connection's own proxy. No message quotes it: it may hold a password."""
    if value in {"", NO_PROXY}:
        return
    if CONTROL.search(value):
        raise ValidationError("The URL holds a control character.")
    if problem := proxy_problem(value):
        raise ValidationError(f"Enter nothing, none, or the URL of a proxy: yours {problem}.")
    _refuse_metadata(urlsplit(value).hostname or "")


def validate_identity(base_url: str, scope: str) -> None:
    """Whether a connection to ``base_url`` may ask for and send a token of the gateway's own."""
    if not may_receive_identity(base_url):
        raise ValidationError(
            {
                "base_url": "Tokens of the gateway's identity go by https to Azure's hosts for AI "
                "and to those in GATEWAY_IDENTITY_HOSTS alone."
            }
        )
    if not is_identity_scope(scope):
        raise ValidationError(
            {
                "auth_scope": "The gateway asks for tokens for Azure's AI services, for "
                "GATEWAY_ENTRA_SCOPE and for GATEWAY_IDENTITY_SCOPES alone."
            }
        )


def validate_string_list(value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValidationError('Enter an array of strings, such as ["gpt-4o", "gpt-4o-mini"].')
    if any(CONTROL.search(item) for item in value):
        raise ValidationError("An entry holds a control character.")


def validate_prefix(value: str) -> None:
    if CONTROL.search(value) or " " in value:
        raise ValidationError("The prefix holds a space or a control character.")


def validate_headers(value: Any) -> None:
    if not isinstance(value, dict):
        raise ValidationError('Enter an object, such as {"X-Team": "search"}.')
    for name, text in value.items():
        validate_header(name, text)


def validate_header(name: str, text: Any) -> None:
    if not TOKEN.match(name):
        raise ValidationError(f"{name!r} is not a header name.")
    if name.lower() in REFUSED_HEADERS:
        raise ValidationError(f"The header {name} is set by the gateway itself.")
    if not isinstance(text, str):
        raise ValidationError(f"The value of {name} must be a string.")
    if CONTROL.search(text):
        raise ValidationError(f"The value of {name} holds a line break or control character.")


def validate_verify_tls(value: str) -> None:
    if value in {"true", "false"}:
        return
    if not _is_file(value):
        raise ValidationError("Enter true, false, or the path of a CA file that exists here.")


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a directory that may not be read, a name that is too long
        return False


def _refuse_metadata(host: str) -> None:
    """Refuse an address of a metadata service. Names are judged when they are called."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if is_metadata_address(address):
        raise ValidationError("This is the address of a cloud's metadata service.")

"""The forms of values. Each function returns the mistake in a value; empty if there is none.

The words complete "NAME …" and hold nothing of a value but what is no secret in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from gateway_project.settings.loopback import is_loopback

HOST = re.compile(r"\.?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
ADDRESS = re.compile(r"\[[0-9A-Fa-f:.]+\]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z+.]{0,15}")
STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
SWITCHES = frozenset({"true", "yes", "on", "1", "false", "no", "off", "0"})
WITHOUT_HOST = frozenset({"sqlite", "unix"})  # what follows is a path
HOST_OPTIONAL = frozenset({"postgres", "postgresql", "psql", "pgsql"})  # a socket of this machine
ESCAPES = {"/": "%2F", "#": "%23", "?": "%3F"}


def host_problem(host: str) -> str:
    """The mistake in an item of ``ALLOWED_HOSTS``."""
    if host == "*" or HOST.fullmatch(host) or ADDRESS.fullmatch(host):
        return ""
    bare = re.sub(r"^[A-Za-z]+://", "", host)
    has_scheme = bare != host
    bare = re.split(r"[/?#]", bare, maxsplit=1)[0].rpartition("@")[2]
    has_path = not has_scheme and "/" in host
    without_port = re.sub(r":\d*$", "", bare) if bare.count(":") == 1 or "]" in bare else bare
    if re.fullmatch(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", without_port):
        return f"is an address of IPv6 without brackets. Write [{without_port}]"
    remedy = "Write the host name alone"
    if ("." in without_port and HOST.fullmatch(without_port)) or ADDRESS.fullmatch(without_port):
        remedy += f": {without_port}"
    elif re.fullmatch(r"\*\..+", without_port) and HOST.fullmatch(without_port[2:]):
        remedy = f"A host and all below it are written with a dot in front: {without_port[1:]}"
    if has_scheme:
        return f"has a scheme. {remedy}"
    if has_path:
        return f"has a path. {remedy}"
    if without_port != bare:
        return f"has a port. {remedy}"
    if re.search(r"[\s;]", host):
        return "holds a blank or a semicolon. Put commas between the items"
    return f"is no host name. {remedy}"


def origin_problem(origin: str) -> str:
    """The mistake in an item of ``CSRF_TRUSTED_ORIGINS`` or ``GATEWAY_CORS_ORIGINS``."""
    scheme, is_there, rest = origin.partition("://")
    if not is_there:
        return "has no scheme. Write https:// before the host"
    if scheme.lower() not in {"http", "https"}:
        return "begins with another scheme than https:// or http://"
    if rest.endswith("/") and "/" not in rest[:-1]:
        return "ends with a /. Write the origin without it"
    if re.search(r"[/?#@\s;]", rest) or not rest:
        return "is no origin. Write scheme, host and port alone, such as https://app.example"
    return ""


def tls_problem(value: str) -> str:
    """The mistake in a switch that may also be the path of a file with certificates."""
    if value.lower() in SWITCHES or Path(value).is_file():
        return ""
    return "is neither true, false, nor a file that exists. Write the path of a PEM file, or true"


def folder_problem(path: str) -> str:
    """The mistake in the path of a folder that other paths are compared with."""
    pure = PurePosixPath(path)
    if pure.is_absolute() and ".." not in pure.parts and len(pure.parts) > 1:
        return ""
    return "must be the absolute path of a folder, without .., and not /"


def encryption_key_problem(key: str) -> str:
    """The mistake in an item of ``ENCRYPTION_KEYS``."""
    from accounts.encryption import EncryptionKey  # a library that takes its time, seldom needed

    try:
        EncryptionKey.parse(key)
    except ValueError as exc:
        return f"is no key: {exc}. docs/configuration.md shows how to make one"
    return ""


def cors_origin_problem(origin: str) -> str:
    return "" if origin == "*" else origin_problem(origin)


def url_problem(url: str, schemes: Collection[str]) -> str:
    """The mistake in a URL that may hold a password, which no word repeats.

    Without ``schemes`` only user and password are looked at. Several hosts, as Sentinels have, are
    a matter of ``infrastructure.redis_servers``.
    """
    scheme, is_there, rest = url.partition("://")
    if not schemes:
        return _authority_problem(rest)
    takes = " or ".join(f"{known}://" for known in schemes)
    if not is_there:
        return f"is no URL. It takes {takes}"
    if scheme.lower() not in schemes:
        shown = f"begins with {scheme}://" if SCHEME.fullmatch(scheme) else "is no URL"
        return f"{shown}. It takes {takes}"
    if scheme.lower() in WITHOUT_HOST:
        return ""
    if re.search(r"\s", url):
        return "holds a blank. Write it as %20"
    if problem := _authority_problem(rest):
        return problem
    return "" if scheme.lower().endswith("+sentinel") else _host_problem(url, scheme.lower())


def issuer_problem(issuer: str) -> str:
    """The mistake in the URL of an OpenID Connect provider."""
    if "/.well-known" in issuer:
        return (
            "leads to the discovery document. Write the issuer, which is what stands before "
            "/.well-known (the document's field `issuer` spells it)"
        )
    if problem := url_problem(issuer, ("https", "http")):
        return problem
    parts = urlsplit(issuer)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return "begins with http://. An issuer has https://"
    return "has a query or a fragment. Write the issuer without" if "?" in issuer else ""


def _authority_problem(rest: str) -> str:
    """What a character does that stands unescaped in the user or the password."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    after = rest[len(authority) :]
    path = re.split(r"[?#]", after[1:], maxsplit=1)[0] if after.startswith("/") else ""
    is_cut = after[:1] in {"?", "#"} and not re.fullmatch(r"(.*@)?[^:@]+(:\d+)?", authority)
    if "@" in path or ("@" in after and (after.startswith("#") or is_cut)):
        character = after[0]
        return (
            f"holds a {character} in its user or password. Write it there as {ESCAPES[character]}"
        )
    if "#" in after:
        return "holds a # that has to be written as %23"
    if STRAY_PERCENT.search(authority.rpartition("@")[0]):
        return "holds a % in its user or password that is followed by no code. Write it as %25"
    return ""


def _host_problem(url: str, scheme: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "has a host that cannot be read. Write [ and ] in the password as %5B and %5D"
    try:
        _ = parts.port
    except ValueError:
        return (
            "has a port that is no number up to 65535. Write special characters in the user and "
            "the password as %XX"
        )
    return "" if host or scheme in HOST_OPTIONAL else "names no host"

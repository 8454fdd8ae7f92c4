"""The steps below HTTP: is the name known, the port open, the certificate good?"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from contextlib import suppress

import httpx
from django.conf import settings

from connections.choices import Cause
from connections.rules.addresses import is_metadata_address, is_private_address
from connections.transport.tls import tls_context
from connections.verify.inspection import Inspection
from connections.verify.result import Finding, failed, ok

IN_A_CONTAINER = (
    "In a container, localhost is the container itself: use host.docker.internal or the service's "
    "name."
)
EXPIRED, NOT_YET_VALID = 10, 9  # OpenSSL's X509_V_ERR_…
WRONG_HOST = frozenset({62, 64})
PLAIN_HTTP_REASONS = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}
)


async def dns(inspection: Inspection) -> Finding:
    """Resolve the host, and judge its addresses as the transport will."""
    host = inspection.host
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, inspection.port, type=socket.SOCK_STREAM
        )
    except socket.gaierror as exc:
        return _unresolved(host, exc)
    except UnicodeError:
        return failed(f"{host[:80]} cannot be a host name.", "Check the spelling of the URL.")
    inspection.addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    for address in inspection.addresses:
        parsed = ipaddress.ip_address(address)
        if is_metadata_address(parsed):
            return failed(
                f"{address} belongs to a cloud's metadata service and is refused.",
                "Give the URL of an API; no connection may reach a metadata service.",
            )
        if is_private_address(parsed) and not settings.GATEWAY_ALLOW_PRIVATE_UPSTREAMS:
            return failed(
                f"{address} is a private address and is refused.",
                "Set GATEWAY_ALLOW_PRIVATE_UPSTREAMS=true if upstreams may live in your network.",
            )
    if inspection.addresses == [host]:
        return ok("The URL holds an address.")
    return ok(f"{host} is {', '.join(inspection.addresses)}.")


def _unresolved(host: str, error: socket.gaierror) -> Finding:
    if error.errno == socket.EAI_AGAIN:
        return failed(
            f"The name server gave no answer for {host}.",
            "Check the network and the DNS settings of the machine that runs the gateway.",
        )
    return failed(
        f"The name {host} is not known.", f"Check the spelling of the URL. {IN_A_CONTAINER}"
    )


async def tcp(inspection: Inspection) -> Finding:
    """Open a connection to the first address that takes one, and go on with that address."""
    port = inspection.port
    problem: OSError | None = None
    for tried, address in enumerate(inspection.addresses):
        left = inspection.deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(left / (len(inspection.addresses) - tried)):
                await _open_and_close(address, port)
        except OSError as exc:
            problem = exc
            continue
        inspection.addresses = [address]
        return ok(f"{address} port {port} is open.")
    if isinstance(problem, ConnectionRefusedError):
        return failed(
            f"Port {port} is refused.",
            f"Is it running? {IN_A_CONTAINER}",
            cause=Cause.PORT_REFUSED,
        )
    silence = " in time" if isinstance(problem, TimeoutError) else ""
    return failed(
        f"Port {port} cannot be reached{silence}.",
        "A firewall may drop the packets: check host, port and network.",
    )


async def tls(inspection: Inspection) -> Finding:
    """Shake hands on a connection of its own."""
    verify = inspection.upstream.verify_tls
    try:
        context = tls_context(verify)
    except httpx.ConnectError as exc:
        return failed(str(exc), "Give verify_tls the path of a PEM file that the gateway can read.")
    try:
        version = await _open_and_close(
            inspection.addresses[0], inspection.port, context, inspection.host
        )
    except ssl.SSLCertVerificationError as exc:
        return _untrusted(inspection.host, exc)
    except ssl.SSLError as exc:
        return _not_agreed(exc)
    except OSError:
        return failed(
            "The upstream hung up during the TLS handshake.",
            "If the port speaks plain http, write http:// in the URL.",
        )
    if verify is False:
        return ok(f"{version}; the certificate is not checked, as verify_tls says.")
    return ok(f"{version}, the certificate is valid.")


def _untrusted(host: str, error: ssl.SSLCertVerificationError) -> Finding:
    match error.verify_code:
        case code if code == EXPIRED:
            return failed("The certificate has expired.", "Have it renewed at the upstream.")
        case code if code == NOT_YET_VALID:
            return failed("The certificate is not valid yet.", "Check the clocks of both machines.")
        case code if code in WRONG_HOST:
            return failed(
                f"The certificate is not made out for {host}.",
                "Use the host name that the certificate names.",
            )
        case _:
            return failed(
                f"The certificate is not trusted: {error.verify_message}.",
                "If it is self-signed or from a CA of your own, give verify_tls the path of the CA "
                "file, or set it to false.",
            )


def _not_agreed(error: ssl.SSLError) -> Finding:
    if error.reason in PLAIN_HTTP_REASONS:
        return failed(
            "The port does not speak TLS.",
            "Write http:// in the URL, not https://.",
            cause=Cause.WRONG_URL,
        )
    reason = (error.reason or "no reason given").replace("_", " ").lower()
    return failed(
        f"TLS could not be agreed on: {reason}.",
        "Does the upstream speak TLS 1.2 or later on this port, and does it ask for a certificate?",
    )


async def speaks_tls(inspection: Inspection) -> bool:
    """Whether the port answers a TLS handshake, with any certificate."""
    host = inspection.host
    try:
        await _open_and_close(inspection.addresses[0], inspection.port, tls_context(False), host)
    except OSError:
        return False
    return True


async def _open_and_close(
    address: str, port: int, context: ssl.SSLContext | None = None, host: str | None = None
) -> str:
    """Connect and leave. Returns the version of TLS. Raises ``OSError``."""
    _reader, writer = await asyncio.open_connection(
        address, port, ssl=context, server_hostname=host if context else None
    )
    try:
        session = writer.get_extra_info("ssl_object")
        return session.version() or "" if session else ""
    finally:
        writer.transport.abort()  # close() would wait for the other side to end TLS
        with suppress(OSError):
            await writer.wait_closed()

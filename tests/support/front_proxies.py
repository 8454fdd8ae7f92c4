"""nginx and Caddy in front of a gateway, with the blocks of docs/operations.md."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import trustme

from tests.support.environment import ROOT
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import PATIENCE_SECONDS, wait_until

DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
BELOW = "/gatehouse"
NGINX = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {blocks}
}}
"""
CADDY = "{\n\tadmin off\n\tauto_https off\n}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Files of one for localhost, in a ``directory``, and of the CA behind it."""

    directory: Path

    @property
    def chain(self) -> Path:
        return self.directory / "chain.pem"

    @property
    def key(self) -> Path:
        return self.directory / "key.pem"

    @property
    def ca(self) -> Path:
        return self.directory / "ca.pem"

    def make(self) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("localhost")
        issued.private_key_pem.write_to_path(self.key)
        for blob in issued.cert_chain_pems:
            blob.write_to_path(self.chain, append=True)
        authority.cert_pem.write_to_path(self.ca)


def blocks_of(language: str) -> list[str]:
    """The examples of docs/operations.md in ``language``: for a host, and below a path."""
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


def nginx_blocks(certificate: Certificate, *, port: int, gateway: str) -> str:
    """The server block of the document, with addresses and files of this machine."""
    whole, _below = blocks_of("nginx")
    return (
        whole.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        .replace("server_name gateway.example", "server_name localhost")
        .replace("/etc/ssl/gateway.example.pem", str(certificate.chain))
        .replace("/etc/ssl/gateway.example.key", str(certificate.key))
        .replace("http://127.0.0.1:8000", gateway)
    )


def nginx_below(
    certificate: Certificate, *, port: int, gateway: str, is_stripped: bool = False
) -> str:
    """A site's server with the location of the document."""
    _whole, below = blocks_of("nginx")
    location = below.replace("http://127.0.0.1:8000", gateway + "/" * is_stripped)
    return (
        f"server {{\nlisten 127.0.0.1:{port} ssl;\nserver_name localhost;\n"
        f"ssl_certificate {certificate.chain};\nssl_certificate_key {certificate.key};\n"
        f"{location}\n}}\n"
    )


def caddy_blocks(certificate: Certificate, *, port: int, gateway: str) -> str:
    whole, _below = blocks_of("caddyfile")
    site = f"https://localhost:{port} {{\n\ttls {certificate.chain} {certificate.key}"
    return whole.replace("gateway.example {", site).replace("127.0.0.1:8000", gateway)


def caddy_below(certificate: Certificate, *, port: int, gateway: str) -> str:
    _whole, below = blocks_of("caddyfile")
    site = f"https://localhost:{port} {{\n\ttls {certificate.chain} {certificate.key}\n"
    return f"{site}{below.replace('127.0.0.1:8000', gateway)}}}\n"


@contextmanager
def nginx(
    program: str,
    directory: Path,
    blocks: Sequence[str],
    *urls: str,
    prefix: Sequence[str] = (),
) -> Iterator[None]:
    """nginx with ``blocks``, until the end of the block; it listens at ``urls``.

    ``prefix`` is what has it run elsewhere, such as in a namespace.
    """
    with _running(_nginx_command(program, directory, blocks, prefix), directory, urls):
        yield


def reload_nginx(
    program: str, directory: Path, blocks: Sequence[str], *, prefix: Sequence[str] = ()
) -> None:
    """Have the nginx that runs in ``directory`` go on with other ``blocks``."""
    command = _nginx_command(program, directory, blocks, prefix)
    subprocess.run([*command, "-s", "reload"], check=True, capture_output=True)


def _nginx_command(
    program: str, directory: Path, blocks: Sequence[str], prefix: Sequence[str]
) -> list[str]:
    file = directory / "nginx.conf"
    file.write_text(NGINX.format(directory=directory, blocks="\n".join(blocks)))
    return [*prefix, program, "-e", "stderr", "-p", str(directory), "-c", str(file)]


@contextmanager
def caddy(program: str, directory: Path, blocks: Sequence[str], *urls: str) -> Iterator[None]:
    """Caddy with ``blocks``, as :func:`nginx`."""
    file = directory / "Caddyfile"
    file.write_text("\n".join([CADDY, *blocks]))
    with _running([program, "run", "--config", str(file)], directory, urls):
        yield


@contextmanager
def _running(command: list[str], directory: Path, urls: Sequence[str]) -> Iterator[None]:
    log = directory / "log"
    with log.open("wb") as output:
        homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(directory))
        process = subprocess.Popen(
            command, env={"PATH": os.environ["PATH"]} | homes, stdout=output, stderr=output
        )
    try:
        for url in urls:
            wait_until(lambda url=url: _listens(process, url, log), what=url)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _listens(process: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        httpx.get(f"{url}/livez", **PLAIN_HTTP | {"verify": False})
    except httpx.TransportError:
        return False
    return True

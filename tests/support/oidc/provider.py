from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.support.environment import ROOT
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import free_port, wait_until

CLIENT_ID = "gatehouse"
CLIENT_SECRET = "canary-client-secret"


class Provider:
    """The provider, seen from a test."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, **PLAIN_HTTP)

    @property
    def environment(self) -> dict[str, str]:
        """What a gateway needs to know to be its client."""
        return {
            "OIDC_ISSUER": self.url,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_NAME": "Loopback ID",
        }

    def accept(self, gateway_url: str) -> None:
        """Make the gateway at this URL a client."""
        client = {
            "id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "redirect_uri": f"{gateway_url}/accounts/oidc/callback/",
        }
        self.http.post("/test/client", json=client).raise_for_status()

    def person(
        self,
        name: str,
        *,
        email: str = "",
        is_verified: bool = True,
        groups: Sequence[str] = (),
        userinfo: dict[str, Any] | None = None,
        id_token: dict[str, Any] | None = None,
    ) -> str:
        """Make or change somebody; their subject.

        ``userinfo`` and ``id_token`` are said in place of ``groups``; None leaves a claim out.
        """
        claims = (
            {}
            if userinfo is id_token is None
            else {"userinfo": userinfo or {}, "id_token": id_token or {}}
        )
        wanted = {"name": name, "email": email, "is_verified": is_verified}
        wanted |= {"groups": list(groups), "claims": claims}
        return str(self.http.post("/test/person", json=wanted).raise_for_status().json()["sub"])

    @contextmanager
    def documented(self, **fields: Any) -> Iterator[None]:
        """Have the discovery document say ``fields`` meanwhile; None leaves one out."""
        self.http.post("/test/document", json=fields).raise_for_status()
        yield
        self.http.post("/test/document", json={}).raise_for_status()

    def refreshes(self) -> int:
        """How often somebody came with a refresh token."""
        return int(self.http.get("/test/grants").json().get("refresh_token", 0))

    def revoke_refresh_tokens(self) -> None:
        self.http.get("/test/revoke").raise_for_status()


class Browser:
    """Somebody's browser, which keeps cookies and is told which redirects to follow."""

    def __init__(self, gateway_url: str) -> None:
        self.gateway_url = gateway_url
        self.http = httpx.Client(base_url=gateway_url, **PLAIN_HTTP)

    def get(self, url: str) -> httpx.Response:
        return self.http.get(url)

    def post(self, path: str, page: str = "/accounts/login/", **form: str) -> httpx.Response:
        """Post a form of ``page``, from which the CSRF token is taken."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(page).text)
        token = {"csrfmiddlewaretoken": found.group(1)} if found else {}
        headers = {"Referer": f"{self.gateway_url}{page}"}
        return self.http.post(path, data=token | form, headers=headers)

    def begin(self, provider: Provider, name: str, path: str = "/accounts/oidc/login/") -> str:
        """Go to the provider and be ``name`` there; where it sends the browser back to."""
        self.http.get(f"{provider.url}/test/be/{name}").raise_for_status()
        there = self.post(path).headers["location"]
        assert there.startswith(f"{provider.url}/")
        return self.get(there).headers["location"]

    def sign_in(
        self, provider: Provider, name: str, path: str = "/accounts/oidc/login/"
    ) -> httpx.Response:
        """The whole way to the provider and back, as by a new browser; the gateway's answer."""
        self.http.cookies.clear()
        back = self.begin(provider, name, path)
        assert urlsplit(back).path == "/accounts/oidc/callback/", back
        return self.get(back)


@contextmanager
def oidc_provider(directory: Path, *, token_seconds: int = 3600) -> Iterator[Provider]:
    """The provider, serving. Its access tokens last ``token_seconds``."""
    port = free_port()
    environment = os.environ | {
        "PROVIDER_DATABASE": str(directory / "provider.db"),
        "PROVIDER_TOKEN_SECONDS": str(token_seconds),
    }
    command = [sys.executable, "-m", "tests.support.oidc.server", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)
    try:
        provider = Provider(port)
        wait_until(lambda: _serves(provider, process), what="the provider")
        yield provider
        provider.http.close()
    finally:
        process.kill()
        process.wait()


def _serves(provider: Provider, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "the provider ended"
    try:
        return provider.http.get("/test/grants").is_success
    except httpx.TransportError:
        return False

"""All that a gateway asks of others goes through the company's proxy, and its password nowhere."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.live import LiveGateway, live_gateway
from tests.support.oidc.provider import Browser, Provider
from tests.support.responders import json_response, raw, sse
from tests.support.socket_upstream import SocketUpstream, socket_upstream
from tests.support.sockets import heard, open_socket, say
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

PASSWORD = "canary-p@ss"
WRITTEN = "gatehouse:canary-p%40ss"
OWN_PASSWORD = "canary-of-its-own"
TENANT = "00000000-0000-0000-0000-000000000001"
TOKEN_PATH = f"/{TENANT}/oauth2/v2.0/token"
KEY = rsa.generate_private_key(65537, 2048)
DIRECT = "direct"
SPEECH = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 4\r\n\r\nspok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A gateway that knows the proxies, and everybody it asks."""

    gateway: LiveGateway
    key: str
    proxy: ForwardProxy
    own: ForwardProxy
    upstreams: dict[str, ScriptedUpstream]
    sockets: dict[str, SocketUpstream]
    issuer: ScriptedUpstream
    authority: ScriptedUpstream

    def client(self) -> Any:
        return client_of(self.gateway, self.key)

    def between(self, name: str) -> list[str]:
        """What went through the proxy that is meant for the connection ``name``."""
        proxy = self.own if name.startswith("own") else self.proxy
        return proxy.to(self.upstreams[name].port)


@pytest.fixture(scope="module")
def company(stores, provider: Provider, tmp_path_factory) -> Iterator[Company]:
    authority_of_all = trustme.CA()
    directory = tmp_path_factory.mktemp("company")
    ca_file = directory / "ca.pem"
    authority_of_all.cert_pem.write_to_path(str(ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority_of_all.issue_cert("127.0.0.1").configure_cert(context)
    with ExitStack() as stack:
        proxy = stack.enter_context(forward_proxy(f"gatehouse:{PASSWORD}"))
        own = stack.enter_context(forward_proxy(f"own:{OWN_PASSWORD}", context))
        upstreams = {
            name: stack.enter_context(
                ScriptedUpstream(tls=context if name.endswith("tls") else None, models=(name,))
            )
            for name in ("plain", "tls", "own", "own-tls", DIRECT, "excepted", "azure")
        }
        for upstream in upstreams.values():
            answers(upstream)
        sockets = {
            "socket": stack.enter_context(socket_upstream()),
            "socket-tls": stack.enter_context(socket_upstream(context)),
        }
        issuer = stack.enter_context(ScriptedUpstream())
        publish_keys(issuer)
        entra = stack.enter_context(ScriptedUpstream(tls=context))
        granted = {"access_token": "entra-token", "expires_in": 3600, "token_type": "Bearer"}
        entra.on("POST", TOKEN_PATH, json_response(granted))
        environment = provider.environment | {
            "GATEWAY_UPSTREAM_PROXY": proxy.url(WRITTEN),
            "GATEWAY_UPSTREAM_NO_PROXY": f"127.0.0.1:{upstreams['excepted'].port}, .internal",
            "GATEWAY_JWT_ISSUER": issuer.url.removesuffix("/v1"),
            "GATEWAY_JWT_AUDIENCE": "gatehouse",
            "GATEWAY_JWT_NEW_USERS": "active",
            "OIDC_NEW_USERS": "active",
            "AZURE_AUTHORITY_HOST": f"127.0.0.1:{entra.port}",
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": "the-client",
            "AZURE_CLIENT_SECRET": "the-client-secret",
            "GATEWAY_IDENTITY_HOSTS": f"http://127.0.0.1:{upstreams['azure'].port}",
            "SSL_CERT_FILE": str(ca_file),
        }
        serving = live_gateway(stores, BACKINGS[0], directory, **environment)
        gateway = stack.enter_context(serving)
        provider.accept(gateway.url)
        own_url = own.url(f"own:{OWN_PASSWORD}")
        connections = [
            {"name": name, "base_url": upstream.url, "keys": ["sk-upstream"]}
            | ({"verify_tls": str(ca_file)} if "tls" in name or name == "own" else {})
            | ({"proxy": own_url} if name.startswith("own") else {})
            | ({"proxy": "none"} if name == DIRECT else {})
            | ({"auth_type": "azure_ad", "keys": []} if name == "azure" else {})
            for name, upstream in upstreams.items()
        ]
        connections += [
            {"name": name, "base_url": upstream.url, "model_ids": [name]}
            | {"keys": ["sk-upstream"], "verify_tls": str(ca_file)}
            for name, upstream in sockets.items()
        ]
        grants = [{"models": ["*"], "everyone": True}]
        key = gateway.configured_for("alice", connections=connections, grants=grants)
        with client_of(gateway, key) as client:
            wait_for_models(client, *upstreams, *sockets)
        yield Company(
            gateway=gateway,
            key=key,
            proxy=proxy,
            own=own,
            upstreams=upstreams,
            sockets=sockets,
            issuer=issuer,
            authority=entra,
        )


def answers(upstream: ScriptedUpstream) -> None:
    upstream.on("POST", "/v1/audio/transcriptions", json_response({"text": "Hello"}))
    upstream.on("POST", "/v1/audio/speech", raw(SPEECH))


def publish_keys(issuer: ScriptedUpstream) -> None:
    url = issuer.url.removesuffix("/v1")
    public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    keys = {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}
    issuer.on("GET", "/jwks", json_response(keys))
    discovery = {"issuer": url, "jwks_uri": f"{url}/jwks"}
    issuer.on("GET", "/.well-known/openid-configuration", json_response(discovery))


@pytest.mark.parametrize("name", ["plain", "tls", "own", "own-tls"])
def test_every_kind_of_request_goes_through(company: Company, name: str) -> None:
    upstream = company.upstreams[name]
    with company.client() as client:
        assert client.post(CHAT, json=chat_body(name)).status_code == 200
        with upstream.as_it_was():
            upstream.on("POST", "/v1/chat/completions", sse({"choices": []}))
            streamed = client.post(CHAT, json=chat_body(name, stream=True))
        assert "[DONE]" in streamed.text
        files = {"file": ("a.wav", b"\0" * 200_000, "audio/wav")}
        upload = client.post("/v1/audio/transcriptions", data={"model": name}, files=files)
        assert upload.json() == {"text": "Hello"}
        spoken = {"model": name, "input": "Hello", "voice": "alloy"}
        assert client.post("/v1/audio/speech", json=spoken).content == b"spok"
    lines = company.between(name)
    if name.endswith("tls"):
        assert set(lines) == {f"CONNECT 127.0.0.1:{upstream.port}"}
    else:
        paths = {line.partition("/v1")[2] for line in lines}
        assert paths == {"/models", "/chat/completions", "/audio/transcriptions", "/audio/speech"}
        assert len(lines) == len(upstream.requests)
    assert not [
        field for call in upstream.requests for field in call.headers if "proxy" in field[0]
    ]


@pytest.mark.parametrize("name", [DIRECT, "excepted"])
def test_exceptions_are_reached_without(company: Company, name: str) -> None:
    with company.client() as client:
        assert client.post(CHAT, json=chat_body(name)).status_code == 200
    port = company.upstreams[name].port
    assert company.proxy.to(port) == company.own.to(port) == []


@pytest.mark.parametrize("name", ["socket", "socket-tls"])
def test_sockets_go_through(company: Company, name: str) -> None:
    with open_socket(company.gateway, company.key, f"/v1/realtime?model={name}") as socket:
        say(socket, {"type": "response.cancel"})
        assert heard(socket)["type"] == "heard"
    method = "CONNECT" if name.endswith("tls") else "GET"
    lines = company.proxy.to(company.sockets[name].port)
    assert lines[-1].startswith(f"{method} ")


def test_tokens_of_entra_id_go_through(company: Company) -> None:
    with company.client() as client:
        assert client.post(CHAT, json=chat_body("azure")).status_code == 200
    assert len(company.proxy.to(company.authority.port)) == 1
    assert company.upstreams["azure"].calls[-1].header("authorization") == "Bearer entra-token"


def test_keys_of_a_token_issuer_go_through(company: Company) -> None:
    said = {"iss": company.issuer.url.removesuffix("/v1"), "aud": "gatehouse", "sub": "ada"}
    said |= {"exp": int(time.time()) + 600}
    token = jwt.encode(said, KEY, "RS256", headers={"kid": "one"})
    with client_of(company.gateway, token) as client:
        assert client.get("/v1/models").status_code == 200
    paths = [line.rpartition("/")[2] for line in company.proxy.to(company.issuer.port)]
    assert paths == ["openid-configuration", "jwks"]


def test_sign_in_goes_through(company: Company, provider: Provider) -> None:
    provider.person("ada", email="ada@example.com")
    browser = Browser(company.gateway.url)
    assert browser.sign_in(provider, "ada").headers["location"] == "/"
    browser.http.close()
    port = int(provider.url.rpartition(":")[2])
    asked = " ".join(company.proxy.to(port))
    assert all(word in asked for word in ("openid-configuration", "POST", "token", "userinfo"))


def test_verification_goes_through(company: Company) -> None:
    for name in ("plain", "own-tls"):
        before = len(company.between(name))
        done = company.gateway.manage("verify_connection", name, "--json")
        [result] = json.loads(done.stdout)["results"]
        steps = {step["name"]: step["status"] for step in result["steps"]}
        assert (steps["dns"], steps["tcp"], steps["models"]) == ("skipped", "skipped", "ok")
        assert len(company.between(name)) > before


def test_no_password_is_shown(company: Company) -> None:
    exported = company.gateway.manage("export_config", "--no-secrets")
    assert "own:…@127.0.0.1" in exported.stdout
    dumped = company.gateway.manage("dumpdata", "connections")
    for text in (exported.stdout, exported.stderr, dumped.stdout, company.gateway.log):
        for secret in (PASSWORD, WRITTEN, OWN_PASSWORD):
            assert secret not in text
    assert OWN_PASSWORD in company.gateway.manage("export_config").stdout


@pytest.mark.parametrize("name", ["plain", "tls"])
def test_a_proxy_that_refuses_is_told_of(company: Company, name: str) -> None:
    refused = {"name": "refused", "base_url": company.upstreams[name].url, "keys": ["sk-x"]}
    refused |= {"proxy": company.proxy.url("gatehouse:wrong-password"), "model_ids": ["r"]}
    company.gateway.configure(connections=[refused])
    done = company.gateway.manage("verify_connection", "refused", "--json", check=False)
    assert done.returncode == 1
    assert "407" in done.stdout
    assert "wrong-password" not in done.stdout + done.stderr + company.gateway.log


def test_encryption_is_rotated(company: Company) -> None:
    dry = company.gateway.manage("rotate_encryption", "--dry-run").stdout
    assert "0 would be encrypted again" in dry

"""The gateway behind the proxies of docs/operations.md, at a host of its own and below a path."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import yaml
from playwright.sync_api import sync_playwright
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support import front_proxies, parts
from tests.support.api import CHAT, chat_body
from tests.support.front_proxies import BELOW, Certificate, blocks_of
from tests.support.live import LiveGateway, live_gateway
from tests.support.oidc.provider import Provider
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import PATIENCE_SECONDS, free_port
from tests.support.responders import chunk, event, head, json_response, when_told
from tests.support.serving import open_to_all
from tests.support.sockets import heard_to_the_end, say
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

NAMES = ("nginx", "nginx-below", "nginx-public", "caddy", "caddy-below")
PASSWORD = "root-pass-1"
MAKE_ROOT = (
    "from accounts.models import User; "
    f"User.objects.create_superuser('root', password='{PASSWORD}')"
)
STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
LINK = re.compile(r'(?:href|src|action)="(/[^"]*)"')
UPLOAD_BYTES = 3 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """A way in: the URL that clients know, the gateway behind it and a key of that."""

    url: str
    gateway: LiveGateway
    key: str
    certificate: Certificate
    directory: Path  # of the proxies' logs

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate.ca))

    def client(self, **headers: str) -> httpx.Client:
        options = PLAIN_HTTP | {"verify": self.tls}
        return httpx.Client(base_url=self.url, headers=headers, **options)

    def api(self) -> httpx.Client:
        return self.client(Authorization=f"Bearer {self.key}")

    def socket(self, path: str, **headers: str) -> ClientConnection:
        return connect(
            f"wss{self.url.removeprefix('https')}{path}",
            ssl=self.tls,
            additional_headers=headers,
            proxy=None,
            open_timeout=PATIENCE_SECONDS,
            close_timeout=1,
        )

    @contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        """A browser that has filled in the page that the admin sent it to."""
        client = self.client()
        page = client.get("/admin/", follow_redirects=True)
        token = client.cookies["csrftoken"]
        form = {"login": "root", "password": PASSWORD, "csrfmiddlewaretoken": token}
        origin = self.url.removesuffix(self.path)
        headers = {"Referer": str(page.url), "Origin": origin}
        done = client.post(page.url, data=form, headers=headers)
        assert (done.status_code, done.headers["location"]) == (302, f"{self.path}/admin/")
        yield client
        client.close()


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    made = Certificate(directory=tmp_path_factory.mktemp("certificate"))
    made.make()
    return made


@pytest.fixture(scope="module")
def fronts(
    stores, upstream, certificate, provider: Provider, tmp_path_factory
) -> Iterator[dict[str, Front]]:
    """One gateway that proxies tell all, and one that knows its URL and is told the path only."""
    ports = {name: free_port() for name in NAMES}
    urls = {
        name: f"https://localhost:{port}{BELOW if '-' in name else ''}"
        for name, port in ports.items()
    }
    with ExitStack() as stack:

        def served(backing: str, **environment: str) -> tuple[LiveGateway, str]:
            directory = tmp_path_factory.mktemp("gateway")
            environment |= {"GATEWAY_REQUIRE_STAFF_MFA": "false"}
            serving = live_gateway(stores, backing, directory, **environment)
            gateway = stack.enter_context(serving)
            gateway.manage("shell", "-c", MAKE_ROOT)
            return gateway, open_to_all(gateway, upstream)

        told = served(BACKINGS[0])
        public = served(
            BACKINGS[-1],
            GATEWAY_PUBLIC_URL=urls["nginx-public"],
            GATEWAY_HTTPS="true",
            **provider.environment,
        )
        behind = {name: public if name == "nginx-public" else told for name in NAMES}
        proxies = tmp_path_factory.mktemp("proxies")
        start_proxies(stack, certificate, ports, behind, proxies)
        yield {
            name: Front(
                url=urls[name],
                gateway=gateway,
                key=key,
                certificate=certificate,
                directory=proxies,
            )
            for name, (gateway, key) in behind.items()
        }


def start_proxies(
    stack: ExitStack,
    certificate: Certificate,
    ports: dict[str, int],
    behind: dict[str, Any],
    directory: Path,
) -> None:
    def where(name: str) -> dict[str, Any]:
        return {"port": ports[name], "gateway": behind[name][0].url}

    blocks = [
        front_proxies.nginx_blocks(certificate, **where("nginx")),
        front_proxies.nginx_below(certificate, **where("nginx-below")),
        front_proxies.nginx_below(certificate, **where("nginx-public"), is_stripped=True),
    ]
    sites = [f"https://localhost:{ports[name]}" for name in NAMES]
    for name in ("nginx", "caddy"):
        (directory / name).mkdir()
    if program := parts.program("nginx"):
        running = front_proxies.nginx(program.address, directory / "nginx", blocks, *sites[:3])
        stack.enter_context(running)
    if program := parts.program("caddy"):
        below = where("caddy-below") | {"gateway": behind["caddy-below"][0].url[len("http://") :]}
        whole = where("caddy") | {"gateway": behind["caddy"][0].url[len("http://") :]}
        caddy = [
            front_proxies.caddy_blocks(certificate, **whole),
            front_proxies.caddy_below(certificate, **below),
        ]
        stack.enter_context(
            front_proxies.caddy(program.address, directory / "caddy", caddy, *sites[3:])
        )


@pytest.fixture(params=NAMES)
def front(request: pytest.FixtureRequest, fronts: dict[str, Front]) -> Front:
    program = request.param.partition("-")[0]
    parts.require(program, parts.program(program))
    return fronts[request.param]


def test_a_stream_arrives_chunk_by_chunk(front: Front, upstream: ScriptedUpstream) -> None:
    second = threading.Event()
    first, last = (
        {"choices": [{"index": 0, "delta": {"content": text}}]} for text in ("one", "two")
    )
    before = STREAM_HEAD + event(first)
    after = event(last) + event("[DONE]") + chunk(b"")
    with upstream.as_it_was(), front.api() as client:
        upstream.on("POST", "/v1/chat/completions", when_told(second, before, after))
        body = chat_body("gpt-4o", stream=True)
        with client.stream("POST", CHAT, json=body) as response:
            lines = response.iter_lines()
            assert '"one"' in next(line for line in lines if line.startswith("data:"))
            second.set()  # had the proxy waited for more, nothing would have come so far
            assert '"two"' in next(line for line in lines if line.startswith("data:"))


def test_a_socket_works(front: Front) -> None:
    with front.socket(CHAT, Authorization=f"Bearer {front.key}") as socket:
        say(socket, chat_body("gpt-4o", request_id="r"))
        assert heard_to_the_end(socket, "r")["r"]


def test_a_large_upload_passes(front: Front, upstream: ScriptedUpstream) -> None:
    with upstream.as_it_was(), front.api() as client:
        upstream.on("POST", "/v1/audio/transcriptions", json_response({"text": "Hello"}))
        files = {"file": ("a.wav", b"\0" * UPLOAD_BYTES, "audio/wav")}
        answer = client.post("/v1/audio/transcriptions", data={"model": "gpt-4o"}, files=files)
    assert answer.json() == {"text": "Hello"}
    assert len(upstream.calls[-1].body) > UPLOAD_BYTES


def test_the_admin_is_signed_in_to(front: Front) -> None:
    with front.client() as stranger:
        away = stranger.get("/admin/")
        login = f"{front.path}/admin/login/"
        assert away.headers["location"] == f"{login}?next={front.path}/admin/"
    with front.signed_in() as client:
        cookies = {cookie.name: cookie for cookie in client.cookies.jar}
        assert {"sessionid", "csrftoken", "gatehouse_browser"} <= cookies.keys()
        assert all(cookie.secure for cookie in cookies.values())
        assert {cookie.path for cookie in cookies.values()} == {f"{front.path}/"}
        for page in ("/admin/", "/admin/live/", "/admin/connections/connection/add/"):
            found = client.get(page)
            links = set(LINK.findall(found.text))
            assert found.status_code == 200
            assert links
            assert [link for link in links if not link.startswith(f"{front.path}/")] == []
        statics = [link for link in links if link.startswith(f"{front.path}/static/")]
        origin = front.url.removesuffix(front.path)
        assert statics
        assert {client.get(origin + link).status_code for link in statics} == {200}


def test_the_socket_of_the_admin_opens_for_pages_of_the_public_host(front: Front) -> None:
    with front.signed_in() as client:
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    origin = front.url.removesuffix(front.path)
    with front.socket("/admin/live/socket", Cookie=cookies, Origin=origin) as socket:
        assert socket.recv(timeout=PATIENCE_SECONDS)
    for foreign in ("https://evil.example", origin.replace("https", "http")):
        with (
            pytest.raises(InvalidStatus),
            front.socket("/admin/live/socket", Cookie=cookies, Origin=foreign),
        ):
            pass


def test_what_clients_say_of_themselves_counts_for_nothing(front: Front) -> None:
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Proto": "http",
        "Forwarded": "host=evil.example;proto=http",
    }
    with front.client(**forged) as client:
        assert client.get("/admin/").headers["location"].startswith(f"{front.path}/admin/login/")
        assert client.get("/accounts/login/").status_code == 200


def test_a_browser_works_below_a_path(fronts: dict[str, Front], chromium) -> None:
    parts.require("nginx", parts.program("nginx"))
    front = fronts["nginx-public"]
    failures: list[str] = []
    with sync_playwright() as playwright:
        program = chromium.address
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.on("response", lambda got: failures.append(got.url) if got.status >= 400 else None)
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(f"{front.url}/admin/live/")
        page.fill("#id_login", "root")
        page.fill("#id_password", PASSWORD)
        page.press("#id_password", "Enter")
        page.wait_for_url(f"{front.url}/admin/live/")
        page.wait_for_selector("[data-empty]:not([hidden])")  # the socket has told
        browser.close()
    assert failures == []


def test_the_provider_sends_people_back_to_the_public_url(fronts: dict[str, Front]) -> None:
    parts.require("nginx", parts.program("nginx"))
    front = fronts["nginx-public"]
    with front.client() as client:
        page = client.get("/accounts/login/")
        assert f'action="{BELOW}/accounts/oidc/login/' in page.text
        form = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
        answer = client.post("/accounts/oidc/login/", data=form, headers={"Referer": front.url})
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["redirect_uri"] == [f"{front.url}/accounts/oidc/callback/"]


@pytest.mark.parametrize("path", ["/admin/", f"{BELOW}/admin/"])
def test_plain_http_is_led_to_the_public_url(fronts: dict[str, Front], path: str) -> None:
    front = fronts["nginx-public"]
    answer = direct(front.gateway, path, X_Forwarded_Proto="http")
    assert (answer.status_code, answer.headers["location"]) == (301, f"{front.url}/admin/")


def test_what_comes_past_the_proxy_works_still(fronts: dict[str, Front]) -> None:
    front = fronts["nginx-public"]
    for prefix in ("", BELOW):
        assert direct(front.gateway, f"{prefix}/readyz").json()["status"] == "ok"
        listed = direct(front.gateway, f"{prefix}/v1/models", Authorization=f"Bearer {front.key}")
        assert listed.status_code == 200
    assert direct(front.gateway, "/v1/models", Host="evil.example").status_code == 400
    assert direct(front.gateway, "/admin/", Host="evil.example").status_code == 400


def direct(gateway: LiveGateway, path: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"{gateway.url}{path}", headers=named, **PLAIN_HTTP)


def test_nginx_keeps_no_upload_back(fronts: dict[str, Front]) -> None:
    parts.require("nginx", parts.program("nginx"))
    log = fronts["nginx"].directory / "nginx" / "error.log"
    assert "buffered to a temporary file" not in log.read_text()


def test_the_file_for_traefik_fits_together() -> None:
    [text] = [block for block in blocks_of("yaml") if "routers:" in block]
    found = yaml.safe_load(text)["http"]
    for router in found["routers"].values():
        assert router["service"] in found["services"]
        assert set(router.get("middlewares", [])) <= found["middlewares"].keys()
    assert found["middlewares"]["gatehouse-prefix"]["stripPrefix"]["prefixes"] == [BELOW]


@pytest.mark.parametrize("name", ["nginx", "nginx-public"])
def test_addresses_cannot_be_made_up(fronts: dict[str, Front], name: str) -> None:
    parts.require("nginx", parts.program("nginx"))
    front = fronts[name]
    statuses = []
    with front.client() as client:
        client.get("/accounts/login/")
        for number in range(6):
            form = {
                "login": "victim",
                "password": "wrong",
                "csrfmiddlewaretoken": client.cookies["csrftoken"],
            }
            headers = {
                "X-Forwarded-For": f"192.0.2.{number}",
                "Origin": front.url.removesuffix(front.path),
            }
            answer = client.post("/accounts/login/", data=form, headers=headers)
            statuses.append(answer.status_code)
    assert statuses == [200] * 5 + [429]

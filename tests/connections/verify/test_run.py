import asyncio
import datetime as dt
import socket
import ssl

import httpx
import pytest
import trustme

from connections.calling.client import UpstreamClient
from connections.transport import AiohttpTransport
from connections.upstream import Upstream, UpstreamKey
from connections.verify import Outcome, Status, verify
from tests.support.upstream import (
    ScriptedUpstream,
    close_after,
    hang,
    head,
    json_response,
    raw,
    reset_before_response,
    sse,
)

SECRET = "sk-verify-4f9a8b7c6d5e"
KEY = UpstreamKey(id="1", secret=SECRET, hint="…6d5e")
MODELS = "/v1/models"
CHAT = "/v1/chat/completions"


@pytest.fixture
async def client():
    client = UpstreamClient(AiohttpTransport())
    yield client
    await client.aclose()


@pytest.fixture
def server():
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture
def check(client, server):
    """Verifies ``server``, or ``base_url``."""

    async def check(base_url="", *, model="", stream=False, timeout_seconds=10.0, **changes):
        fields = {"provider": "compatible", "auth_type": "bearer", "keys": (KEY,)} | changes
        upstream = Upstream(
            id=1, name="one", url_index=0, base_url=base_url or server.url, **fields
        )
        return await verify(
            upstream, client=client, model=model, stream=stream, timeout_seconds=timeout_seconds
        )

    return check


def statuses(verification):
    return {step.name: step.status.value for step in verification.steps}


def step(verification, name):
    [found] = [step for step in verification.steps if step.name == name]
    return found


def context_for(*names, **options):
    """A CA of our own, and the context of a server with a certificate for ``names``."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names, **options).configure_cert(context)
    return ca, context


async def test_everything_works(check):
    result = await check(model="gpt-4o", stream=True)

    assert [s.name for s in result.steps] == ["dns", "tcp", "auth", "models", "chat", "stream"]
    assert {s.status for s in result.steps} == {Status.OK}
    assert all(s.milliseconds > 0 for s in result.steps)
    assert result.outcome is Outcome.OK
    assert [model["id"] for model in result.models] == ["gpt-4o", "gpt-4o-mini"]


async def test_only_what_was_asked_for_is_sent(check, server):
    await check()

    [request] = server.requests
    assert (request.method, request.target) == ("GET", MODELS)
    assert request.header("authorization") == f"Bearer {SECRET}"


async def test_chat_is_one_token(check, server):
    await check(model="gpt-4o")

    assert server.requests[-1].json == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "ping"}],
        "max_tokens": 1,
    }


async def test_reasoning_model_is_asked_in_its_own_words(check, server):
    await check(model="o3-mini")

    assert server.requests[-1].json["max_completion_tokens"] == 1
    assert "max_tokens" not in server.requests[-1].json


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("http://", "no host"),
        ("ftp://example.com/v1", "http:// or https://"),
        ("nonsense", "http:// or https://"),
        ("http://example.com:notaport/v1", "not a URL"),
        ("http://[::1/v1", "not a URL"),
        ("http://user:pass@example.com/v1", "credentials"),
        ("http://169.254.169.254/v1", "metadata"),
        ("http://[::ffff:a9fe:a9fe]/v1", "metadata"),
    ],
)
async def test_malformed_url_is_a_result(check, url, detail):
    result = await check(url)

    assert result.outcome is Outcome.FAILED
    assert result.failure.name == "url"
    assert detail in result.failure.detail
    assert {s.status for s in result.steps[1:]} == {Status.SKIPPED}


async def test_metadata_address_in_disguise_is_refused(check):
    result = await check("http://2852039166/v1")

    assert result.failure.name == "dns"
    assert "metadata" in result.failure.detail


async def test_private_address_is_refused_where_that_is_set(check, server, settings):
    settings.GATEWAY_ALLOW_PRIVATE_UPSTREAMS = False

    result = await check()

    assert result.failure.name == "dns"
    assert "GATEWAY_ALLOW_PRIVATE_UPSTREAMS" in result.failure.hint
    assert not server.connections


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid"])
async def test_unknown_name_fails_dns(check, host):
    result = await check(f"http://{host}/v1")

    assert result.failure.name == "dns"
    assert "spelling" in result.failure.hint or "name server" in result.failure.detail
    assert statuses(result)["tcp"] == "skipped"


async def test_refused_port_asks_whether_it_runs(check):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    result = await check(f"http://127.0.0.1:{port}/v1")

    assert result.failure.name == "tcp"
    assert str(port) in result.failure.detail
    assert "host.docker.internal" in result.failure.hint


async def test_own_ca_is_trusted_when_given(check, tmp_path):
    ca, context = context_for("127.0.0.1")
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)

    with ScriptedUpstream(tls=context) as server:
        result = await check(server.url, verify_tls=path)

    assert result.outcome is Outcome.OK
    assert "TLSv1.3" in step(result, "tls").detail


async def test_certificate_of_an_unknown_ca_is_not_trusted(check):
    _ca, context = context_for("127.0.0.1")

    with ScriptedUpstream(tls=context) as server:
        result = await check(server.url)

    assert result.failure.name == "tls"
    assert "not trusted" in result.failure.detail
    assert "CA file" in result.failure.hint
    assert not server.requests


async def test_certificate_may_go_unchecked(check):
    _ca, context = context_for("127.0.0.1")

    with ScriptedUpstream(tls=context) as server:
        result = await check(server.url, verify_tls=False)

    assert result.outcome is Outcome.OK
    assert "not checked" in step(result, "tls").detail


async def test_certificate_for_another_host_is_told(check, tmp_path):
    ca, context = context_for("elsewhere.example")
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)

    with ScriptedUpstream(tls=context) as server:
        result = await check(server.url, verify_tls=path)

    assert "not made out for 127.0.0.1" in step(result, "tls").detail


async def test_expired_certificate_is_told(check, tmp_path):
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    ca, context = context_for("127.0.0.1", not_after=yesterday)
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)

    with ScriptedUpstream(tls=context) as server:
        result = await check(server.url, verify_tls=path)

    assert "expired" in step(result, "tls").detail


async def test_missing_ca_file_is_told(check, tmp_path):
    _ca, context = context_for("127.0.0.1")

    with ScriptedUpstream(tls=context) as server:
        result = await check(server.url, verify_tls=tmp_path / "gone.pem")

    assert "gone.pem" in step(result, "tls").detail


@pytest.fixture
async def plain_server():
    """Answers whatever it reads with an HTTP error, as most web servers do."""

    async def answer(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_tls_spoken_to_a_plain_port_is_told(check, plain_server):
    result = await check(f"https://127.0.0.1:{plain_server}/v1")

    assert result.failure.name == "tls"
    assert "http://" in result.failure.hint


async def test_plain_http_spoken_to_a_tls_port_is_told(check):
    _ca, context = context_for("127.0.0.1")

    with ScriptedUpstream(tls=context) as server:
        result = await check(server.url.replace("https:", "http:"))

    assert result.failure.name == "auth"
    assert "https://" in result.failure.hint


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_key_fails_auth(check, server, status):
    error = {"error": {"message": f"Incorrect API key provided: {SECRET}\x1b[31m"}}
    server.on("GET", MODELS, json_response(error, status=status))

    result = await check()

    assert result.failure.name == "auth"
    assert f"({status}): Incorrect API key provided: •••" in result.failure.detail
    assert "\x1b" not in result.failure.detail
    assert SECRET not in repr(result)


async def test_half_of_an_echoed_key_does_not_survive_the_shortening(check, server):
    error = {"error": {"message": "x" * 190 + SECRET}}
    server.on("GET", MODELS, json_response(error, status=401))

    result = await check()

    assert SECRET[:6] not in repr(result)
    assert len(result.failure.detail) < 240


async def test_secret_header_is_masked(check, server):
    error = {"message": "bad token header-secret-1"}
    server.on("GET", MODELS, json_response(error, status=401))

    result = await check(headers=(("X-Token", "header-secret-1"),))

    assert "bad token •••" in result.failure.detail


async def test_missing_key_is_told_from_a_wrong_one(check, server):
    server.on("GET", MODELS, json_response({}, status=401))

    result = await check(keys=())

    assert "no key" in result.failure.hint


async def test_variable_that_is_not_set_is_named(check, server):
    result = await check(keys=(UpstreamKey(id="1", secret="", hint="env:NOT_SET"),))

    assert result.failure.name == "auth"
    assert "NOT_SET" in result.failure.detail
    assert not server.requests


async def test_one_refused_key_of_two_is_a_warning(check, server):
    listed = json_response({"data": [{"id": "m"}]})
    server.on("GET", MODELS, json_response({}, status=401), listed)
    other = UpstreamKey(id="2", secret="sk-other-0123456789", hint="…6789")

    result = await check(keys=(KEY, other), model="m")

    assert step(result, "auth").status is Status.WARNING
    assert "…6d5e" in step(result, "auth").detail
    assert server.requests[-1].header("authorization") == f"Bearer {other.secret}"
    assert result.outcome is Outcome.WARNINGS


async def test_two_refused_keys_fail(check, server):
    server.on("GET", MODELS, json_response({}, status=401))
    other = UpstreamKey(id="2", secret="sk-other-0123456789", hint="…6789")

    result = await check(keys=(KEY, other))

    assert result.failure.name == "auth"
    assert len(server.requests) == 2


async def test_public_list_says_nothing_about_the_key(check):
    result = await check(provider="openrouter")

    assert statuses(result)["auth"] == "skipped"
    assert "chat" in step(result, "auth").hint


async def test_missing_list_is_a_warning_and_chat_is_tried(check, server):
    server.on("GET", MODELS, json_response({"error": "not found"}, status=404))

    result = await check(model="gpt-4o")

    assert statuses(result)["models"] == "warning"
    assert "model_ids" in step(result, "models").hint
    assert statuses(result)["chat"] == "ok"
    assert result.outcome is Outcome.WARNINGS


async def test_missing_list_is_no_matter_with_model_ids(check, server):
    server.on("GET", MODELS, json_response({}, status=404))

    result = await check(model_ids=("a", "b"))

    assert statuses(result)["models"] == "ok"


@pytest.mark.parametrize("path", ["", "/", "/v1/chat/completions", "/v1/models"])
async def test_better_base_url_is_found(check, server, path):
    result = await check(f"{server.url.removesuffix('/v1')}{path}")

    assert result.failure.name == "models"
    assert result.failure.hint == f"Set the base URL to {server.url}."


async def test_better_base_url_is_found_behind_a_page(check, server):
    page = head(content_type="text/html", content_length=6) + b"<html>"
    server.on("GET", "/models", raw(page))

    result = await check(server.url.removesuffix("/v1"))

    assert server.url in result.failure.hint


async def test_page_is_told_from_an_api(check, server):
    page = head(content_type="text/html; charset=utf-8", content_length=6) + b"<html>"
    server.on("GET", MODELS, raw(page))

    result = await check()

    assert result.failure.name == "models"
    assert "web page" in result.failure.detail
    assert "login" in result.failure.hint


@pytest.mark.parametrize("body", [b"hello", b"{", b"{}", b'{"data": 1}'])
async def test_answer_without_a_list_fails(check, server, body):
    server.on("GET", MODELS, raw(head(content_length=len(body)) + body))

    result = await check()

    assert result.failure.name == "models"
    assert "/v1" in result.failure.hint


async def test_error_in_an_answer_of_200_is_quoted(check, server):
    server.on("GET", MODELS, json_response({"error": {"message": "Quota is gone"}}))

    result = await check()

    assert "Quota is gone" in step(result, "models").detail


async def test_empty_list_is_a_warning(check, server):
    server.models = []

    result = await check()

    assert step(result, "models").status is Status.WARNING


async def test_deployments_of_azure_must_be_named(check, server):
    server.on("GET", "/openai/models", json_response({"data": [{"id": "gpt-4o"}]}))

    result = await check(server.url.removesuffix("/v1"), provider="azure", api_version="2024-10-21")

    assert server.requests[0].target == "/openai/models?api-version=2024-10-21"
    assert server.requests[0].header("api-key") == SECRET
    assert "deployments" in step(result, "models").hint


async def test_rate_limit_is_a_warning(check, server):
    server.on("GET", MODELS, json_response({"error": {"message": "slow down"}}, status=429))

    result = await check()

    assert statuses(result) == {
        "dns": "ok",
        "tcp": "ok",
        "auth": "skipped",
        "models": "warning",
    }
    assert "slow down" in step(result, "models").detail


async def test_trouble_of_the_upstream_is_told_as_such(check, server):
    server.on("GET", MODELS, json_response({}, status=503))

    result = await check()

    assert statuses(result)["auth"] == "skipped"
    assert "(503)" in result.failure.detail


async def test_redirect_is_named_and_not_followed(check, server):
    where = "http://127.0.0.1:1/login?token=abc"
    server.on("GET", MODELS, raw(head(302, location=where, content_length=0)))

    result = await check()

    assert "http://127.0.0.1/login" in result.failure.detail.replace(":1/", "/")
    assert "abc" not in repr(result)
    assert len(server.requests) == 1


async def test_silence_ends_with_the_time_there_is(check, server):
    server.on("GET", MODELS, hang())
    loop = asyncio.get_running_loop()
    started = loop.time()

    result = await check(timeout_seconds=0.3)

    assert 0.2 < loop.time() - started < 3
    assert result.failure.name == "auth"
    assert "in time" in result.failure.detail


@pytest.mark.parametrize(
    "answer", [reset_before_response, close_after(b""), raw(b"garbage\r\n\r\n")]
)
async def test_broken_answer_is_a_result(check, server, answer):
    server.on("GET", MODELS, answer)

    result = await check(timeout_seconds=5)

    assert result.failure.name == "auth"
    assert result.failure.hint


async def test_unknown_model_is_answered_with_a_near_one(check, server):
    error = {"error": {"message": "no such model"}}
    server.on("POST", CHAT, json_response(error, status=404))

    result = await check(model="gpt4o")

    assert result.failure.name == "chat"
    assert "no such model" in result.failure.detail
    assert "gpt-4o" in result.failure.hint


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [{"text": "x"}]}, []])
async def test_answer_that_is_no_chat_completion_fails(check, server, body):
    server.on("POST", CHAT, json_response(body))

    result = await check(model="gpt-4o")

    assert result.failure.name == "chat"


async def test_model_that_thinks_beyond_the_token_answers(check, server):
    message = "Could not finish the message because max_tokens or model output limit was reached."
    server.on("POST", CHAT, json_response({"error": {"message": message}}, status=400))

    result = await check(model="o3-mini")

    assert statuses(result)["chat"] == "ok"


async def test_key_refused_by_chat_alone_is_found(check, server):
    server.on("POST", CHAT, json_response({}, status=401))

    result = await check(model="gpt-4o", provider="openrouter")

    assert result.failure.name == "chat"
    assert "key" in result.failure.hint


async def test_deployment_with_a_slash_is_a_result(check, server):
    server.on("GET", "/openai/models", json_response({"data": []}))

    result = await check(server.url.removesuffix("/v1"), provider="azure", model="a/b")

    assert result.failure.name == "chat"


def streamed(response):
    async def respond(exchange):
        if exchange.request.json.get("stream"):
            await response(exchange)
        else:
            await json_response({"choices": [{"message": {"content": "x"}}]})(exchange)

    return respond


@pytest.mark.parametrize(
    ("response", "status", "detail"),
    [
        (sse({"choices": []}, done=False), "warning", "[DONE]"),
        (sse(), "failed", "no chunk"),
        (sse({"error": {"message": f"boom {SECRET}"}}), "failed", "boom •••"),
        (json_response({"choices": []}), "failed", "not a stream"),
        (json_response({"error": {"message": "no streams"}}, status=400), "failed", "no streams"),
        (close_after(head(content_type="text/event-stream", content_length=99)), "failed", ""),
        (sse(b"data: {}\r\n\r\ndata: [DO", b"NE]\r\n\r\n", done=False), "ok", "(1)"),
    ],
)
async def test_stream_is_judged(check, server, response, status, detail):
    server.on("POST", CHAT, streamed(response))

    result = await check(model="gpt-4o", stream=True)

    assert statuses(result)["stream"] == status
    assert detail in step(result, "stream").detail


async def test_stream_without_a_model_is_skipped(check):
    result = await check(stream=True)

    assert statuses(result)["stream"] == "skipped"


async def test_proxy_is_left_to_connect(settings):
    settings.GATEWAY_UPSTREAM_PROXY = "http://proxy.example:3128"
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"data": [{"id": "m"}]}))
    upstream = Upstream(
        id=1,
        name="one",
        url_index=0,
        provider="compatible",
        auth_type="none",
        base_url="https://only-the-proxy-knows.invalid/v1",
    )

    result = await verify(upstream, client=UpstreamClient(transport))

    assert list(statuses(result).values()) == ["skipped"] * 3 + ["ok", "ok"]


async def test_json_holds_every_step(check):
    answer = (await check()).as_json()

    assert answer["outcome"] == "ok"
    assert set(answer["steps"][0]) == {"name", "status", "milliseconds", "detail", "hint"}

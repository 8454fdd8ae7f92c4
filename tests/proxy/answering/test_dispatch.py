"""Which failures lead to the next target, over real lines and a transport that never connects."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from connections.call import Call
from connections.calling.client import UpstreamClient
from connections.upstream import Upstream
from models_registry.targets import Target
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.answering.dispatched import Dispatched
from proxy.client_side.errors import ApiError, UpstreamTimeoutError, UpstreamUnavailableError
from resilience.outcomes import Kind
from tests.support.builders import SECRET, Chunks, a_call, a_target, an_exchange, an_upstream
from usage.exchange import Exchange
from wire_formats.errors import UnsendableError


class Upstreams:
    """Answers by host name: a status, a response, or an exception to raise."""

    def __init__(self, **answers: int | httpx.Response | Exception) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host.removesuffix(".example")
        self.asked.append(name)
        match self._answers.get(name, 200):
            case Exception() as exc:
                raise exc
            case httpx.Response() as response:
                return response
            case status:
                return httpx.Response(status, json={})


async def dispatched(
    upstreams: Upstreams, *targets: Target, exchange: Exchange | None = None, **call: object
) -> Dispatched:
    candidates = Candidates(
        targets=targets, call_for=lambda target: a_call(**{"model": target.model} | call)
    )
    return await dispatch(
        UpstreamClient(httpx.MockTransport(upstreams)),
        candidates,
        exchange=exchange or an_exchange(),
        pause=at_once,
    )


async def at_once(seconds: float) -> None:
    """No test waits."""


def targets(*upstreams: str | Upstream) -> list[Target]:
    """A target of each, every one of another connection."""
    found = [an_upstream(u) if isinstance(u, str) else u for u in upstreams]
    return [a_target(replace(u, id=number)) for number, u in enumerate(found, start=1)]


async def test_the_first_target_serves() -> None:
    upstreams = Upstreams()
    answer = await dispatched(upstreams, *targets("one", "two"))
    assert upstreams.asked == ["one"]
    assert answer.target.connection.upstream.name == "one"


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("black hole"),
        httpx.PoolTimeout("full"),
        httpx.UnsupportedProtocol("ftp"),
    ],
)
async def test_what_was_not_sent_goes_to_the_next_target(failure: Exception) -> None:
    upstreams = Upstreams(one=failure)
    assert (
        await dispatched(upstreams, *targets("one", "two"))
    ).target.connection.upstream.name == "two"
    assert upstreams.asked == ["one", "two"]


@pytest.mark.parametrize(
    ("failure", "is_timeout"),
    [
        (httpx.ReadTimeout("silence"), True),
        (httpx.WriteTimeout("stalled"), True),
        (httpx.ReadError("reset"), False),
        (httpx.WriteError("reset"), False),
        (httpx.RemoteProtocolError("garbage"), False),
    ],
)
async def test_what_may_have_been_processed_is_not_tried_again(
    failure: Exception, is_timeout: bool
) -> None:
    upstreams = Upstreams(one=failure)
    with pytest.raises(UpstreamUnavailableError) as caught:
        await dispatched(upstreams, *targets("one", "two"))
    assert isinstance(caught.value, UpstreamTimeoutError) is is_timeout
    assert caught.value.headers == {"x-should-retry": "false"}
    assert upstreams.asked == ["one"]


async def test_a_target_without_a_credential_is_passed_over() -> None:
    upstreams = Upstreams()
    await dispatched(upstreams, *targets(an_upstream("one", secrets=("",)), "two"))
    assert upstreams.asked == ["two"]


async def test_a_target_whose_url_cannot_hold_the_model_is_passed_over() -> None:
    upstreams = Upstreams()
    azure = a_target(an_upstream("azure", provider="azure", id=7), model="a/b")
    await dispatched(upstreams, azure, *targets("two"))
    assert upstreams.asked == ["two"]


async def test_a_provider_that_cannot_be_asked_is_passed_over() -> None:
    upstreams = Upstreams()
    ollama = a_target(an_upstream("ollama", provider="ollama", api_type="native", id=7))
    tokens = {"endpoint": "embeddings", "body": {"input": [1, 2]}}
    await dispatched(upstreams, ollama, *targets("two"), **tokens)
    assert upstreams.asked == ["two"]
    with pytest.raises(UnsendableError):
        await dispatched(upstreams, ollama, **tokens)


async def test_the_last_failure_is_told_when_no_target_is_left() -> None:
    upstreams = Upstreams(one=httpx.ConnectError("x"), two=httpx.ConnectTimeout("y"))
    with pytest.raises(UpstreamTimeoutError):
        await dispatched(upstreams, *targets("one", "two"))
    with pytest.raises(UpstreamUnavailableError) as caught:
        await dispatched(upstreams, *targets(an_upstream("one", secrets=("",))))
    assert caught.value.code == "upstream_auth_unavailable"


async def test_no_target_at_all_is_an_error() -> None:
    with pytest.raises(UpstreamUnavailableError):
        await dispatched(Upstreams())


@pytest.mark.parametrize("status", [503, 529, 429, 401, 402])
async def test_a_refusal_that_cost_nothing_goes_to_the_next_target(status: int) -> None:
    upstreams = Upstreams(one=status)
    await dispatched(upstreams, *targets("one", "two"))
    assert upstreams.asked == ["one", "two"]


@pytest.mark.parametrize("status", [400, 404, 500, 302])
async def test_an_upstreams_refusal_is_final(status: int) -> None:
    upstreams = Upstreams(one=status)
    with pytest.raises(ApiError):
        await dispatched(upstreams, *targets("one", "two"))
    assert upstreams.asked == ["one"]


@pytest.mark.parametrize("status", [401, 429])
async def test_a_refused_key_is_changed_within_the_target(status: int) -> None:
    responses = [httpx.Response(status, stream=Chunks(b"no")), httpx.Response(200, json={})]
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["authorization"])
        return responses[len(keys) - 1]

    client = UpstreamClient(httpx.MockTransport(answer))
    [target] = targets(an_upstream(secrets=("a", "b")))
    candidates = Candidates(targets=[target], call_for=lambda _: a_call())
    await dispatch(client, candidates, exchange=an_exchange())
    assert keys == ["Bearer a", "Bearer b"]
    assert responses[0].stream.is_closed


async def test_a_refusal_of_every_key_shows_none_of_them() -> None:
    refusal = httpx.Response(401, json={"error": {"message": f"bad key {SECRET}"}})
    with pytest.raises(ApiError) as caught:
        await dispatched(Upstreams(one=refusal), *targets("one"))
    assert (caught.value.status, caught.value.code) == (502, "upstream_auth_failed")
    assert SECRET not in str(caught.value.body())


@pytest.mark.parametrize("body", [Chunks(b"x" * 300_000), Chunks(b"{", httpx.ReadError("reset"))])
async def test_the_status_counts_even_if_the_error_cannot_be_read(body: Chunks) -> None:
    refusal = httpx.Response(429, headers={"retry-after": "7"}, stream=body)
    with pytest.raises(ApiError) as caught:
        await dispatched(Upstreams(one=refusal), *targets("one"))
    assert caught.value.status == 429
    assert caught.value.headers == {"retry-after": "7", "x-should-retry": "true"}


async def test_the_account_tells_what_was_tried() -> None:
    exchange = an_exchange()
    upstreams = Upstreams(
        one=httpx.ConnectError("x"),
        two=httpx.Response(200, json={}, headers={"x-request-id": "up-1"}),
    )
    await dispatched(upstreams, *targets("one", "two"), exchange=exchange)
    assert exchange.connection == "two"
    assert [(one.connection, one.kind, one.status, one.why) for one in exchange.attempts] == [
        ("one", Kind.NOT_SENT, 0, "not sent → other target"),
        ("two", Kind.SUCCESS, 200, ""),
    ]
    assert exchange.upstream_request_id == "up-1"


def substituting(target: Target) -> Call:
    """A response, or a chat where the upstream is known to have none."""
    if "responses" in target.connection.lacking:
        return a_call(model=target.model)
    return a_call(endpoint="responses", model=target.model, has_substitute=True)


async def substituted(answer: httpx.Response, *asked_of: Target) -> list[str]:
    """The paths that were asked for, where ``answer`` is that to a request for a response."""
    paths: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return answer if paths[-1] == "/v1/responses" else httpx.Response(200, json={})

    try:
        await dispatch(
            UpstreamClient(httpx.MockTransport(respond)),
            Candidates(targets=asked_of, call_for=substituting),
            exchange=an_exchange(),
        )
    except ApiError:
        paths.append("error")
    return paths


async def test_an_upstream_without_the_endpoint_is_asked_at_another_and_remembered() -> None:
    [target] = targets("one")
    lacking = httpx.Response(404, json={"detail": "Not Found"})
    assert await substituted(lacking, target) == ["/v1/responses", "/v1/chat/completions"]
    assert await substituted(lacking, target) == ["/v1/chat/completions"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, json={"error": {"message": "No such model", "code": None}}),
        httpx.Response(400, json={"detail": "Not Found"}),
        httpx.Response(500, text="Not Found"),
    ],
)
async def test_any_other_error_is_the_clients_to_know(answer: httpx.Response) -> None:
    [target] = targets("one")
    assert await substituted(answer, target) == ["/v1/responses", "error"]
    assert "responses" not in target.connection.lacking


async def test_a_target_that_cannot_be_asked_this_is_passed_over() -> None:
    def call_for(target: Target) -> Call:
        if target.connection.upstream.name == "one":
            raise UnsendableError("Not in this form.")
        return a_call(model=target.model)

    answer = await dispatch(
        UpstreamClient(httpx.MockTransport(Upstreams())),
        Candidates(targets=targets("one", "two"), call_for=call_for),
        exchange=an_exchange(),
    )
    assert answer.target.connection.upstream.name == "two"

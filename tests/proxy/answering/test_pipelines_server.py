from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest

from connections.calling.client import UpstreamClient
from connections.calling.open_connection import OpenConnection
from models_registry.listings import Listing
from models_registry.pipelines_filters import filters_of
from models_registry.targets import filtered
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.answering.streamed import relay_answer
from proxy.answering.whole import read_answer
from proxy.client_side.errors import ApiError
from tests.support.builders import SECRET, a_call, a_target, an_exchange, an_upstream

PIPELINES = an_upstream("pipelines", provider="pipelines")
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}


def entry(name: str, priority: int = 0, *models: str) -> dict:
    pipeline = {"type": "filter", "priority": priority, "pipelines": list(models or "*")}
    return {"id": name, "pipeline": pipeline}


def a_filtered_target(*entries: dict, **upstream: object):
    connection = OpenConnection.open(PIPELINES)
    filters = filters_of(connection, Listing(models=entries, asked_at=1.0))
    [target] = filtered([a_target(an_upstream(**upstream))], filters)
    return target


class World:
    """An upstream that says "Hello", and filters that add their name to what they see.

    Unless they are lenient. With a ``stream`` the upstream says that.
    """

    def __init__(
        self,
        *,
        refusal: httpx.Response | Exception | None = None,
        at: str = "",
        is_lenient: bool = False,
    ) -> None:
        self.calls: list[str] = []
        self.bodies: list[dict] = []
        self.refusal = refusal
        self.at = at
        self.is_lenient = is_lenient
        self.stream = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1/")
        self.calls.append(path)
        self.bodies.append(json.loads(request.content))
        if self.refusal is not None and path.endswith(self.at):
            if isinstance(self.refusal, Exception):
                raise self.refusal
            return self.refusal
        if path == "chat/completions" and self.stream:
            headers = {"content-type": "text/event-stream"}
            return httpx.Response(200, content=self.stream.encode(), headers=headers)
        if path == "chat/completions":
            messages = [{"role": "assistant", "content": text} for text in ("Hello", "Hey")]
            return httpx.Response(200, json={"choices": [{"message": each} for each in messages]})
        name = path.partition("/")[0]
        body = json.loads(request.content)["body"]
        if not self.is_lenient:
            body["messages"][-1]["content"] += f" {name}"
        return httpx.Response(200, json=body | {"model": "another", "stream": True})


async def answer(world: World, *targets, metadata: dict | None = None, **call: object) -> dict:
    client = UpstreamClient(httpx.MockTransport(world))
    exchange = an_exchange()
    body = BODY if metadata is None else BODY | {"metadata": metadata}
    dispatched = await dispatch(
        client,
        Candidates(
            targets=targets,
            call_for=lambda target: a_call(body, model=target.model, **call),
        ),
        exchange=exchange,
    )
    return json.loads(await read_answer(dispatched, exchange))


def contents(completion: dict) -> list[str]:
    return [choice["message"]["content"] for choice in completion["choices"]]


async def test_filters_see_requests_and_answers_in_order_of_priority() -> None:
    world = World()
    completion = await answer(world, a_filtered_target(entry("b", 2), entry("a", -1)))
    assert world.calls[:3] == ["a/filter/inlet", "b/filter/inlet", "chat/completions"]
    assert world.bodies[2]["messages"][0]["content"] == "Hi a b"
    assert contents(completion) == ["Hello a b", "Hey a b"]
    said = world.bodies[3]["body"]["messages"]
    assert [message["role"] for message in said] == ["user", "assistant"]


async def test_a_filter_cannot_choose_another_model_or_stream() -> None:
    world = World()
    await answer(world, a_filtered_target(entry("a")))
    assert world.bodies[1]["model"] == "gpt-4o"
    assert "stream" not in world.bodies[1]


class Noting(World):
    """Its filters note in ``metadata`` what they want to find again, as Langfuse's does."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/inlet"):
            return super().__call__(request)
        self.bodies.append(json.loads(request.content))
        self.calls.append("inlet")
        body = self.bodies[-1]["body"]
        noted = {"chat_id": "made-up", "type": "user_response", "model": {"name": "GPT"}}
        return httpx.Response(200, json=body | {"metadata": noted | body.get("metadata", {})})


async def test_what_a_filter_notes_for_itself_stays_away_from_the_upstream() -> None:
    world = Noting()
    await answer(world, a_filtered_target(entry("a")))
    assert "metadata" not in world.bodies[1]
    assert world.bodies[2]["body"]["chat_id"] == "made-up"


async def test_what_the_client_notes_reaches_the_upstream_and_the_outlet() -> None:
    world = Noting()
    own = {"chat_id": "c1", "session_id": "s1", "message_id": "m1", "team": "red"}
    await answer(world, a_filtered_target(entry("a")), metadata=own)
    assert world.bodies[1]["metadata"] == own
    outlet = world.bodies[2]["body"]
    assert (outlet["chat_id"], outlet["session_id"], outlet["id"]) == ("c1", "s1", "m1")


async def test_an_outlet_is_told_the_token_counts() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    message = {"role": "assistant", "content": "Hello"}
    world = World(
        refusal=httpx.Response(200, json={"choices": [{"message": message}], "usage": usage}),
        at="chat/completions",
    )
    await answer(world, a_filtered_target(entry("a")))
    assert world.bodies[-1]["body"]["messages"][-1] == message | {"usage": usage}


async def test_a_stream_that_nobody_asked_for_is_put_together() -> None:
    world = streaming(World(), "Hello")
    completion = await answer(world, a_filtered_target(entry("a")))
    assert contents(completion) == ["Hello a"]
    assert completion["usage"] == {"prompt_tokens": 1, "completion_tokens": 2}


async def test_models_a_filter_does_not_name_are_left_alone() -> None:
    world = World()
    await answer(world, a_filtered_target(entry("a", 0, "gpt-5")))
    assert world.calls == ["chat/completions"]


@pytest.mark.parametrize("named", ["gpt-4o", "team.gpt-4o", "one/gpt-4o"])
def test_no_name_of_a_model_leads_around_its_filter(named: str) -> None:
    target = a_filtered_target(entry("a", 0, named), prefix_id="team")
    assert [each.id for each in target.filters] == ["a"]
    [alias] = filtered([replace(target, public_id="alias", filters=())], target.filters)
    assert alias.filters == target.filters


REFUSALS = {
    "its own words": (httpx.Response(500, json={"detail": "Too toxic."}), 400, "Too toxic."),
    "its own key": (httpx.Response(400, json={"detail": f"{SECRET}!"}), 400, "[removed]!"),
    "no words": (httpx.Response(500, text="<html>"), 502, "The filter a failed."),
    "no chat": (httpx.Response(200, json=[]), 502, "The filter a did not return a chat."),
    "no JSON": (httpx.Response(200, text="ok"), 502, "The filter a did not return a chat."),
    "silence": (httpx.ReadTimeout(""), 502, "The filter a cannot be reached."),
    "no connection": (httpx.ConnectError(""), 502, "The filter a cannot be reached."),
}


@pytest.mark.parametrize(("refusal", "status", "message"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("step", ["inlet", "outlet"])
async def test_a_filter_that_fails_blocks(
    refusal: httpx.Response | Exception, status: int, message: str, step: str
) -> None:
    world = World(refusal=refusal, at=step)
    spare = a_target(an_upstream("spare"))
    with pytest.raises(ApiError, match=message.replace("[", r"\[")) as caught:
        await answer(world, a_filtered_target(entry("a")), spare)
    assert caught.value.status == status
    assert world.calls.count("chat/completions") == (step == "outlet")


async def stream(world: World, *targets) -> bytes:
    """What a client reads of a streamed chat, its error included."""
    client = UpstreamClient(httpx.MockTransport(world))
    exchange = an_exchange(is_streamed=True)
    body = BODY | {"stream": True, "stream_options": {"include_usage": True}}
    dispatched = await dispatch(
        client,
        Candidates(targets=targets, call_for=lambda target: a_call(body, model=target.model)),
        exchange=exchange,
    )
    read = b""
    try:
        async for block in await relay_answer(dispatched, exchange, keeps_usage=False):
            read += block
    except ApiError as exc:
        read += f"error: {exc.code}".encode()
    return read


def streaming(world: World, *texts: str | None) -> World:
    """``world`` whose upstream streams ``texts``, each as a choice of its own, in two pieces."""
    deltas = [
        {"index": index, "delta": {"content": piece}}
        for index, text in enumerate(texts)
        for piece in (text and text[:2], text and text[2:])
    ]
    events = [{"choices": [delta]} for delta in deltas]
    events += [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
    events += [{"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}]
    written = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    world.stream = f"{written}data: [DONE]\n\n"
    return world


async def test_a_filter_sees_a_streamed_answer_before_its_end() -> None:
    world = streaming(World(is_lenient=True), "Hello", None)
    answer = await stream(world, a_filtered_target(entry("a")))
    assert answer == world.stream.encode().replace(
        b'data: {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}\n\n', b""
    )
    assert world.calls == ["a/filter/inlet", "chat/completions", *["a/filter/outlet"] * 2]
    seen = [body["body"]["messages"][-1] for body in world.bodies[2:]]
    assert [message["content"] for message in seen] == ["Hello", None]
    assert {message["usage"]["completion_tokens"] for message in seen} == {2}


async def test_a_filter_that_would_change_what_was_streamed_ends_it_with_an_error() -> None:
    answer = await stream(streaming(World(), "Hello"), a_filtered_target(entry("a")))
    assert b'"He"' in answer
    assert b"[DONE]" not in answer
    assert answer.endswith(b"error: changed_by_filter")


async def test_a_filter_that_refuses_what_was_streamed_ends_it_with_an_error() -> None:
    refusal = httpx.Response(500, json={"detail": "Too toxic."})
    world = streaming(World(refusal=refusal, at="outlet"), "Hello")
    answer = await stream(world, a_filtered_target(entry("a")))
    assert b"[DONE]" not in answer
    assert answer.endswith(b"error: rejected_by_filter")


async def test_a_stream_that_broke_off_is_shown_to_no_filter() -> None:
    world = streaming(World(), "Hello")
    world.stream = world.stream.partition('data: {"choices": [{"index": 0, "delta": {},')[0]
    answer = await stream(world, a_filtered_target(entry("a")))
    assert b'"error"' in answer
    assert world.calls == ["a/filter/inlet", "chat/completions"]


async def test_a_stream_can_be_held_until_the_filters_have_seen_all_of_it(settings) -> None:
    settings.GATEWAY_PIPELINES_HOLD_STREAMS = True
    world = World()
    answer = await stream(world, a_filtered_target(entry("a")))
    assert not {"stream", "stream_options"} & world.bodies[1].keys()
    assert b'"content":"Hello a"' in answer
    assert b'"content":"Hey a"' in answer
    assert answer.endswith(b"data: [DONE]\n\n")
    refused = World(refusal=httpx.Response(500, json={"detail": "No."}), at="outlet")
    assert await stream(refused, a_filtered_target(entry("a"))) == b"error: rejected_by_filter"


async def test_a_held_answer_without_anything_to_tell_is_an_error(settings) -> None:
    settings.GATEWAY_PIPELINES_HOLD_STREAMS = True
    world = World(refusal=httpx.Response(200, json={"choices": []}), at="chat/completions")
    assert (await stream(world, a_filtered_target(entry("a")))).startswith(b"error: ")


ENDPOINTS = [
    "chat/completions",
    "completions",
    "responses",
    "responses/compact",
    "messages",
    "realtime",
]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_nothing_passes_while_the_filters_are_not_known(endpoint: str) -> None:
    world = World()
    [target] = filtered([a_target()], [], awaited="pipelines")
    with pytest.raises(ApiError, match="The connection pipelines may have filters") as caught:
        await answer(world, target, endpoint=endpoint)
    assert (caught.value.status, caught.value.code) == (502, "filter_failed")
    assert world.calls == []


@pytest.mark.parametrize("endpoint", ENDPOINTS[1:])
async def test_what_a_filter_cannot_look_into_is_refused(endpoint: str) -> None:
    world = World()
    with pytest.raises(ApiError, match="chat completions"):
        await answer(world, a_filtered_target(entry("a")), endpoint=endpoint)
    assert world.calls == []

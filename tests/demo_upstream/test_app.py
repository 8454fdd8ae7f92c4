import base64
import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import wave
from pathlib import Path

import httpx
import openai
import pytest
import uvicorn

from demo_upstream.app import DemoUpstream
from tests.support.processes import PATIENCE_SECONDS

SAY_HI = {"model": "demo-chat", "messages": [{"role": "user", "content": "hi there"}]}
ROOT = Path(__file__).resolve().parents[2]


def client_of(app):
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo/v1")


@pytest.fixture
async def client():
    async with client_of(DemoUpstream()) as client:
        yield client


@pytest.fixture(scope="module")
def sdk():
    """The openai SDK, talking to a demo upstream over TCP."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        DemoUpstream(), lifespan="off", ws="none", log_config=None, log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    with openai.OpenAI(base_url=url, api_key="sk-any", max_retries=0) as client:
        yield client
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)
    listener.close()


def test_models_are_listed(sdk):
    ids = {model.id for model in sdk.models.list()}

    assert {"demo-chat", "demo-echo", "demo/slashed:free", "demo-embedding", "demo-tts"} <= ids


def test_model_with_a_slash_is_retrieved(sdk):
    assert sdk.models.retrieve("demo/slashed:free").id == "demo/slashed:free"


def test_chat_mentions_gatehouse_and_what_was_said(sdk):
    answer = sdk.chat.completions.create(**SAY_HI)

    assert "Gatehouse" in answer.choices[0].message.content
    assert "hi there" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


def test_stream_says_the_same_as_the_answer_in_one_piece(sdk):
    whole = sdk.chat.completions.create(**SAY_HI)

    chunks = list(sdk.chat.completions.create(**SAY_HI, stream=True))

    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == whole.choices[0].message.content
    assert len(chunks) == whole.usage.completion_tokens + 2
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_echo_keeps_every_space(sdk):
    text = "  two  spaces\n\tand a tab "
    messages = [{"role": "user", "content": text}]

    stream = sdk.chat.completions.create(model="demo-echo", messages=messages, stream=True)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == text


def test_usage_is_streamed_to_those_who_ask(sdk):
    *_, last = sdk.chat.completions.create(
        **SAY_HI, stream=True, stream_options={"include_usage": True}
    )

    assert last.choices == []
    assert last.usage.prompt_tokens == 2
    assert last.usage.total_tokens == 2 + last.usage.completion_tokens


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_token_limit_is_kept(sdk, name):
    answer = sdk.chat.completions.create(**SAY_HI, **{name: 3})

    assert answer.usage.completion_tokens == 3
    assert answer.choices[0].finish_reason == "length"
    assert len(answer.choices[0].message.content.split()) == 3


def test_text_parts_are_understood(sdk):
    content = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]

    answer = sdk.chat.completions.create(
        model="demo-echo", messages=[{"role": "user", "content": content}]
    )

    assert answer.choices[0].message.content == "one two"


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"days": {"type": "integer"}, "unit": {"enum": ["C", "F"]}},
            "required": ["days", "unit"],
        },
    },
}


def test_mentioned_tool_is_called(sdk):
    messages = [{"role": "user", "content": "please get_weather"}]

    answer = sdk.chat.completions.create(model="demo-chat", messages=messages, tools=[WEATHER])

    [call] = answer.choices[0].message.tool_calls
    assert answer.choices[0].finish_reason == "tool_calls"
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments) == {"days": 1, "unit": "C"}


def test_required_tool_is_called_in_a_stream(sdk):
    chunks = sdk.chat.completions.create(
        **SAY_HI, tools=[WEATHER], tool_choice="required", stream=True
    )

    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    assert [call.function.name for call in calls] == ["get_weather"]


def test_answer_of_a_tool_is_not_answered_by_another_call(sdk):
    messages = [
        {"role": "user", "content": "please get_weather"},
        {"role": "tool", "tool_call_id": "call_demo", "content": "sunny, says get_weather"},
    ]

    answer = sdk.chat.completions.create(model="demo-echo", messages=messages, tools=[WEATHER])

    assert answer.choices[0].message.content == "sunny, says get_weather"


def test_completions_answer_each_prompt(sdk):
    answer = sdk.completions.create(model="demo-echo", prompt=["one", "two"])

    assert [choice.text for choice in answer.choices] == ["one", "two"]
    assert answer.usage.total_tokens == 4


def test_completions_stream(sdk):
    chunks = list(sdk.completions.create(model="demo-echo", prompt="a b c", stream=True))

    assert "".join(chunk.choices[0].text for chunk in chunks) == "a b c"
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_embedding_of_a_text_is_always_the_same(sdk):
    first, second, other = sdk.embeddings.create(
        model="demo-embedding", input=["cat", "cat", "dog"]
    ).data

    assert first.embedding == second.embedding != other.embedding
    assert len(first.embedding) == 8
    assert sum(value**2 for value in first.embedding) == pytest.approx(1)


async def test_embedding_in_base64_holds_the_same_numbers(client):
    body = {"model": "demo-embedding", "input": "cat", "dimensions": 3}

    plain = (await client.post("/embeddings", json=body)).json()["data"][0]["embedding"]
    packed = (await client.post("/embeddings", json=body | {"encoding_format": "base64"})).json()

    raw = base64.b64decode(packed["data"][0]["embedding"])
    assert struct.unpack("<3f", raw) == pytest.approx(plain)


def test_speech_is_a_wav_that_lasts_as_long_as_the_words(sdk):
    audio = sdk.audio.speech.create(
        model="demo-tts", voice="alloy", input="one two three four", response_format="wav"
    )

    with wave.open(io.BytesIO(audio.content)) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(0.6)
        assert any(sound.readframes(sound.getnframes()))


def test_error_types_of_the_sdk(sdk):
    with pytest.raises(openai.NotFoundError) as unknown:
        sdk.chat.completions.create(model="gpt-99", messages=SAY_HI["messages"])
    with pytest.raises(openai.BadRequestError) as unsuitable:
        sdk.chat.completions.create(model="demo-tts", messages=SAY_HI["messages"])

    assert unknown.value.code == "model_not_found"
    assert unsuitable.value.param == "model"


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/chat/completions", {"messages": [{}]}, "model"),
        ("/chat/completions", {"model": "demo-chat"}, "messages"),
        ("/chat/completions", {"model": "demo-chat", "messages": ["hi"]}, "messages"),
        ("/chat/completions", SAY_HI | {"max_tokens": 0}, "max_tokens"),
        ("/chat/completions", SAY_HI | {"max_tokens": True}, "max_tokens"),
        ("/chat/completions", SAY_HI | {"stream_options": []}, "stream_options"),
        ("/chat/completions", SAY_HI | {"tools": [{"type": "function"}]}, "tools"),
        ("/chat/completions", SAY_HI | {"tools": [WEATHER], "tool_choice": {}}, "tool_choice"),
        ("/completions", {"model": "demo-chat", "prompt": [1]}, "prompt"),
        ("/embeddings", {"model": "demo-embedding", "input": {}}, "input"),
        ("/embeddings", {"model": "demo-embedding", "input": "a", "dimensions": -1}, "dimensions"),
        (
            "/embeddings",
            {"model": "demo-embedding", "input": "a", "encoding_format": ["x"]},
            "encoding_format",
        ),
        ("/audio/speech", {"model": "demo-tts", "input": ""}, "input"),
        (
            "/audio/speech",
            {"model": "demo-tts", "input": "a", "response_format": "mp3"},
            "response_format",
        ),
    ],
)
async def test_bad_field_is_named(client, path, body, param):
    response = await client.post(path, json=body)

    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff"])
async def test_body_that_is_no_json_object_is_refused(client, body):
    response = await client.post("/chat/completions", content=body)

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_unknown_path_is_not_found(client):
    response = await client.post("/nowhere", json={})

    assert response.status_code == 404
    assert response.json()["error"]["message"]


async def test_wrong_method_is_told_the_right_one(client):
    response = await client.get("/chat/completions")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("header", [{"authorization": "Bearer k-1"}, {"api-key": "k-1"}])
async def test_required_key_opens(header):
    async with client_of(DemoUpstream(key="k-1")) as client:
        assert (await client.get("/models", headers=header)).status_code == 200


@pytest.mark.parametrize(
    "header", [{}, {"authorization": "Bearer k-2"}, {"api-key": "ключ".encode()}]
)
async def test_without_the_required_key_nothing_opens(header):
    async with client_of(DemoUpstream(key="k-1")) as client:
        response = await client.get("/models", headers=header)

    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"


async def test_stream_ends_when_the_client_hangs_up():
    sent = []
    body = json.dumps(SAY_HI | {"stream": True}).encode()
    incoming = [{"type": "http.request", "body": body}, {"type": "http.disconnect"}]

    async def receive():
        return incoming.pop(0)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": []}
    await DemoUpstream(delay_seconds=60)(scope, receive, send)

    assert [message["type"] for message in sent] == ["http.response.start"]


def demo_command(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo_upstream", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_command_serves_without_a_database_until_it_is_interrupted(tmp_path):
    with demo_command(
        "--port", "0", "--require-key", "DEMO_KEY", DATA_DIR=str(tmp_path), DEMO_KEY="k-1"
    ) as process:
        url = process.stdout.readline().split()[2]
        status = httpx.get(f"{url}/models", headers={"api-key": "k-1"}).status_code
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=PATIENCE_SECONDS)

    assert status == 200
    assert (process.returncode, output) == (0, ("", ""))
    assert not list(tmp_path.glob("*.db"))


def test_command_names_a_variable_that_is_not_set():
    with demo_command("--port", "0", "--require-key", "DEMO_KEY_NOT_SET") as process:
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert "DEMO_KEY_NOT_SET" in errors


def test_command_says_when_its_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with demo_command("--port", port) as process:
            _, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in errors

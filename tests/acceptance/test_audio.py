"""Speech and transcription through a live gateway, with OpenAI's own SDK and byte by byte."""

import asyncio
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import openai
import psutil
import pytest

from tests.support.api import client_of, wait_for_models
from tests.support.live import LiveGateway, live_gateway
from tests.support.responders import chunk, hang, head, raw
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

SPEECH = "/v1/audio/speech"
TRANSCRIPTIONS = "/v1/audio/transcriptions"
AUDIO = bytes(range(256)) * 300
MODELS = ("tts", "tts-hd", "stt")
PREFIXES = ("two", "told", "brief")
ALL_MODELS = (*MODELS, *(f"{prefix}.{model}" for prefix in PREFIXES for model in MODELS))
UPLOAD_BYTES = 200 * 2**20
LARGE_BYTES = 100 * 2**20
MOST_GROWTH_BYTES = 30 * 2**20


def audio(content: bytes = AUDIO, delay: float = 0.0):
    """Audio in two pieces, ``delay`` seconds apart."""
    half = len(content) // 2

    async def respond(exchange):
        await exchange.send(head(content_type="audio/mpeg", content_length=len(content)))
        await exchange.send(content[:half])
        await asyncio.sleep(delay)
        await exchange.send(content[half:])

    return respond


@pytest.fixture(scope="module")
def shared_upstream():
    with ScriptedUpstream(models=MODELS) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory):
    with live_gateway(stores, BACKINGS[0], tmp_path_factory.mktemp("audio")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def keys(gateway, shared_upstream):
    connection = {"base_url": shared_upstream.url, "keys": ["sk-upstream"]}
    alice, bob = gateway.api_key("alice"), gateway.api_key("bob")
    gateway.configure(
        connections=[
            {"name": "one", **connection},
            {"name": "two", "prefix_id": "two", **connection},
            {
                "name": "told",
                "prefix_id": "told",
                "headers": {"X-User": "{{USER_NAME}}"},
                **connection,
            },
            {"name": "brief", "prefix_id": "brief", "timeout_seconds": 1, **connection},
        ],
        grants=[
            {"models": ["*"], "users": ["alice"]},
            {"models": ["told.*"], "users": ["bob"]},
        ],
    )
    with client_of(gateway, alice) as client:
        wait_for_models(client, *ALL_MODELS)
    return {"alice": alice, "bob": bob}


@contextmanager
def another(gateway, keys, directory, **environment):
    """Another process on the data of ``gateway``."""
    worker = LiveGateway(gateway.backing, directory, gateway.environment | environment)
    try:
        worker.start()
        with client_of(worker, keys["alice"]) as client:
            wait_for_models(client, *ALL_MODELS)
        yield worker
    except BaseException:
        worker.kill()
        raise
    worker.stop()


@pytest.fixture(scope="module")
def worker(gateway, keys, tmp_path_factory):
    with another(gateway, keys, tmp_path_factory.mktemp("worker")) as worker:
        yield worker


@pytest.fixture(scope="module")
def limited(gateway, keys, tmp_path_factory):
    """A worker that has no place to keep anything and takes small uploads only."""
    directory = tmp_path_factory.mktemp("limited")
    (directory / "in the way").touch()
    limits = {
        "GATEWAY_SPEECH_CACHE_DIR": str(directory / "in the way"),
        "GATEWAY_MAX_UPLOAD_BYTES": str(2**20),
    }
    with another(gateway, keys, directory, **limits) as worker:
        yield worker


@pytest.fixture
def upstream(shared_upstream, keys):
    shared_upstream.on("POST", SPEECH, audio())
    return shared_upstream


@pytest.fixture
def client(gateway, keys):
    with client_of(gateway, keys["alice"]) as client:
        yield client


@pytest.fixture
def sdk(gateway, keys):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=keys["alice"], max_retries=0) as sdk:
        yield sdk


def speech(text: str, **fields) -> dict:
    return {"model": "tts", "input": text, "voice": "alloy", **fields}


def calls_of(upstream, path: str) -> int:
    return sum(request.target == path for request in upstream.requests)


def test_sdk_streams_speech_to_a_file(sdk, upstream, tmp_path):
    with sdk.audio.speech.with_streaming_response.create(**speech("to a file")) as answer:
        answer.stream_to_file(tmp_path / "speech.mp3")
    assert (tmp_path / "speech.mp3").read_bytes() == AUDIO
    assert upstream.requests[-1].json == speech("to a file")
    assert upstream.requests[-1].header("Authorization") == "Bearer sk-upstream"


def test_same_request_in_another_order_is_a_hit(client, upstream):
    first = client.post(SPEECH, json=speech("order"))
    before = calls_of(upstream, SPEECH)
    shuffled = json.dumps(dict(reversed(speech("order").items())), indent=4)
    second = client.post(
        "/openai/audio/speech", content=shuffled, headers={"content-type": "application/json"}
    )
    assert (first.headers["x-gateway-cache"], second.headers["x-gateway-cache"]) == ("miss", "hit")
    assert second.content == first.content == AUDIO
    assert second.headers["content-type"] == "audio/mpeg"
    assert calls_of(upstream, SPEECH) == before


@pytest.mark.parametrize(
    "change",
    [
        {"voice": "nova"},
        {"model": "tts-hd"},
        {"model": "two.tts"},
        {"response_format": "wav"},
        {"speed": 1.5},
        {"instructions": "whisper"},
    ],
)
def test_any_other_parameter_is_another_entry(client, upstream, change):
    client.post(SPEECH, json=speech("entries"))
    assert client.post(SPEECH, json=speech("entries")).headers["x-gateway-cache"] == "hit"
    changed = client.post(SPEECH, json=speech("entries") | change)
    assert changed.headers["x-gateway-cache"] == "miss"


def test_fifty_at_once_make_one_call(client, upstream):
    upstream.on("POST", SPEECH, audio(delay=0.3))
    before = calls_of(upstream, SPEECH)

    def ask(_):
        return client.post(SPEECH, json=speech("all at once")).content

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(ask, range(50)))
    assert answers == {AUDIO}
    assert calls_of(upstream, SPEECH) == before + 1


def test_two_workers_make_one_call(client, worker, keys, upstream):
    upstream.on("POST", SPEECH, audio(delay=0.5))
    before = calls_of(upstream, SPEECH)

    def ask(either):
        return either.post(SPEECH, json=speech("from two workers")).content

    with (
        client_of(worker, keys["alice"]) as others_client,
        ThreadPoolExecutor(20) as pool,
    ):
        answers = set(pool.map(ask, [client, others_client] * 10))
    assert answers == {AUDIO}
    assert calls_of(upstream, SPEECH) == before + 1


def test_the_others_get_their_audio_when_the_first_one_leaves(gateway, keys, upstream):
    upstream.on("POST", SPEECH, audio(delay=1.0))
    body = speech("leaving")
    with (
        client_of(gateway, keys["alice"]) as first,
        client_of(gateway, keys["alice"]) as second,
        first.stream("POST", SPEECH, json=body) as answer,
        second.stream("POST", SPEECH, json=body) as other,
    ):
        assert next(answer.iter_raw())
        rest = other.iter_raw()
        beginning = next(rest)
        answer.close()
        assert beginning + b"".join(rest) == AUDIO


def test_upstream_is_let_go_when_nobody_listens(client, upstream):
    upstream.on("POST", SPEECH, hang(head(content_type="audio/mpeg", content_length=9) + b"abc"))
    before = upstream.disconnects
    with client.stream("POST", SPEECH, json=speech("nobody")) as answer:
        assert next(answer.iter_raw())
    assert upstream.wait_for_disconnect(count=before + 1)


def test_user_without_access_gets_404_from_a_full_cache(gateway, keys, client, upstream):
    client.post(SPEECH, json=speech("secret"))
    before = calls_of(upstream, SPEECH)
    with client_of(gateway, keys["bob"]) as bob:
        answer = bob.post(SPEECH, json=speech("secret"))
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"
    assert calls_of(upstream, SPEECH) == before


async def speak_the_user(exchange):
    name = exchange.request.header("X-User").encode()
    await exchange.send(head(content_type="audio/mpeg", content_length=len(name)) + name)


def test_upstream_that_is_told_who_asks_answers_each_user(gateway, keys, client, upstream):
    upstream.on("POST", SPEECH, speak_the_user)
    body = speech("my name", model="told.tts")
    with client_of(gateway, keys["bob"]) as bob:
        spoken = [asked.post(SPEECH, json=body) for asked in (client, bob, client, bob)]
    assert [answer.content for answer in spoken] == [b"alice", b"bob"] * 2
    assert [answer.headers["x-gateway-cache"] for answer in spoken] == ["miss"] * 2 + ["hit"] * 2


def test_large_hit_is_whole_and_has_ranges(client, upstream):
    large = random.randbytes(3 * 2**20)
    upstream.on("POST", SPEECH, audio(large))
    client.post(SPEECH, json=speech("large"))
    hit = client.post(SPEECH, json=speech("large"))
    assert (hit.headers["x-gateway-cache"], hit.content) == ("hit", large)
    assert hit.headers["content-length"] == str(len(large))
    part = client.post(SPEECH, json=speech("large"), headers={"range": "bytes=1000-2000000"})
    assert part.content == large[1000:2000001]


def test_large_answer_costs_no_memory(gateway, keys, upstream):
    upstream.on("POST", SPEECH, long_audio)
    body = speech("long")
    assert listened_to(gateway, keys["alice"], body) == ("miss", LARGE_BYTES)
    assert listened_to(gateway, keys["alice"], body) == ("hit", LARGE_BYTES)


def test_without_a_disk_there_is_speech_and_a_warning(limited, keys, upstream):
    upstream.on("POST", SPEECH, long_audio)
    for _ in range(2):
        assert listened_to(limited, keys["alice"], speech("no disk")) == ("miss", LARGE_BYTES)
    assert limited.log.count("served without being cached") == 1


def listened_to(gateway, key, body):
    """Whether it was a hit, and how long. Looks at the memory meanwhile."""
    process = psutil.Process(gateway.process.pid)
    before = process.memory_info().rss
    received = 0
    with (
        client_of(gateway, key) as client,
        client.stream("POST", SPEECH, json=body) as answer,
    ):
        for piece in answer.iter_raw(2**20):
            received += len(piece)
            assert process.memory_info().rss - before < MOST_GROWTH_BYTES
        return answer.headers["x-gateway-cache"], received


async def long_audio(exchange):
    await exchange.send(head(content_type="audio/mpeg", content_length=LARGE_BYTES))
    for _ in range(LARGE_BYTES // 2**20):
        await exchange.send(bytes(2**20))


def test_broken_audio_is_neither_whole_nor_kept(client, upstream):
    upstream.on("POST", SPEECH, cut_short)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(SPEECH, json=speech("broken"))
    upstream.on("POST", SPEECH, audio())
    again = client.post(SPEECH, json=speech("broken"))
    assert (again.headers["x-gateway-cache"], again.content) == ("miss", AUDIO)


async def cut_short(exchange):
    await exchange.send(head(content_type="audio/mpeg", transfer_encoding="chunked"))
    await exchange.send(chunk(b"abc"))
    await asyncio.sleep(0.2)
    exchange.writer.close()


@pytest.mark.parametrize("answer", [b"<html>", b'{"error":{"message":"no"}}'])
def test_what_is_not_audio_is_502_and_not_kept(client, upstream, answer):
    upstream.on(
        "POST", SPEECH, raw(head(content_type="text/html", content_length=len(answer)) + answer)
    )
    for _ in range(2):
        refused = client.post(SPEECH, json=speech("no audio"))
        assert refused.status_code == 502
        assert "<html" not in refused.text


@pytest.mark.parametrize(
    "said",
    [
        "audio/mpeg\u00e9",
        'audio/mpeg; a="<script>"',
        "audio/mpeg, text/html",
        "audio/" + "x" * 500,
        "text/html; audio/mpeg",
        "audio/mpeg" + "; a=b" * 9,
    ],
)
def test_media_type_that_is_odd_is_502(client, upstream, said):
    upstream.on("POST", SPEECH, raw(head(content_type=said, content_length=3) + b"abc"))
    assert client.post(SPEECH, json=speech("odd")).status_code == 502


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("audio/L16; rate=24000; channels=1", "audio/l16; rate=24000; channels=1"),
        ('audio/webm; codecs="opus"', 'audio/webm; codecs="opus"'),
        ("application/octet-stream", "audio/mpeg"),
    ],
)
def test_media_type_is_what_the_upstream_says_if_it_says_one(client, upstream, said, given):
    upstream.on("POST", SPEECH, raw(head(content_type=said, content_length=3) + b"abc"))
    miss, hit = (client.post(SPEECH, json=speech(said)) for _ in range(2))
    assert (miss.headers["content-type"], hit.headers["content-type"]) == (given, given)
    assert hit.headers["x-gateway-cache"] == "hit"


def test_killed_while_writing_leaves_no_hit(worker, keys, upstream):
    upstream.on("POST", SPEECH, hang(head(content_type="audio/mpeg", content_length=9) + b"abc"))
    with (
        client_of(worker, keys["alice"]) as client,
        client.stream("POST", SPEECH, json=speech("killed")) as answer,
    ):
        assert next(answer.iter_raw()) == b"abc"
        worker.kill()
    upstream.on("POST", SPEECH, audio())
    worker.start()
    with client_of(worker, keys["alice"]) as client:
        wait_for_models(client, *ALL_MODELS)
        again = client.post(SPEECH, json=speech("killed"))
        assert (again.headers["x-gateway-cache"], again.content) == ("miss", AUDIO)


def test_range_and_etag_of_a_hit(client, upstream):
    client.post(SPEECH, json=speech("range"))
    part = client.post(SPEECH, json=speech("range"), headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, AUDIO[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(AUDIO)}"
    known = {"if-none-match": part.headers["etag"]}
    assert client.post(SPEECH, json=speech("range"), headers=known).status_code == 304
    behind = client.post(SPEECH, json=speech("range"), headers={"range": "bytes=99999999-"})
    assert behind.status_code == 416


def test_events_pass_uncached(client, upstream):
    event = b'data: {"type":"speech.audio.delta","audio":"AAAA"}\n\n'
    upstream.on(
        "POST",
        SPEECH,
        raw(head(content_type="text/event-stream", content_length=len(event)) + event),
    )
    before = calls_of(upstream, SPEECH)
    for _ in range(2):
        answer = client.post(SPEECH, json=speech("events", stream_format="sse"))
        assert answer.content == event
        assert answer.headers["content-type"].startswith("text/event-stream")
    assert calls_of(upstream, SPEECH) == before + 2


TRAVERSAL = ["../x", "..%2fx", "%252e%252e", "a\\..\\x", "a?b#c", "a\r\nb", "x" * 4096]


@pytest.mark.parametrize("value", TRAVERSAL)
@pytest.mark.parametrize("field", ["model", "voice", "response_format"])
def test_traversal_is_400_without_a_call(client, upstream, field, value):
    before = calls_of(upstream, SPEECH)
    answer = client.post(SPEECH, json=speech("traversal") | {field: value})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, field)
    assert calls_of(upstream, SPEECH) == before


@pytest.mark.parametrize("value", TRAVERSAL)
def test_traversal_in_a_form_is_400_without_a_call(client, upstream, value):
    before = calls_of(upstream, TRANSCRIPTIONS)
    answer = client.post(TRANSCRIPTIONS, data={"model": value}, files={"file": b"RIFF"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "model")
    assert calls_of(upstream, TRANSCRIPTIONS) == before


def test_what_was_said_is_not_on_disk(gateway, client, upstream):
    client.post(SPEECH, json=speech("a very particular sentence"))
    for path in gateway.directory.rglob("*"):
        if path.is_file():
            assert b"a very particular sentence" not in path.read_bytes()


TEXT = {"text": "hello", "usage": {"type": "duration", "seconds": 3}}


def listening(upstream, path=TRANSCRIPTIONS, body=None, content_type="application/json"):
    content = json.dumps(TEXT).encode() if body is None else body
    answer = head(content_type=content_type, content_length=len(content)) + content
    upstream.on("POST", path, raw(answer))


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # the SDK's own
def test_sdk_transcribes_and_translates(sdk, upstream):
    listening(upstream)
    listening(upstream, "/v1/audio/translations")
    file = ("speech.wav", b"RIFF", "audio/wav")
    assert sdk.audio.transcriptions.create(model="stt", file=file).text == "hello"
    assert sdk.audio.translations.create(model="two.stt", file=file).text == "hello"
    sent = upstream.requests[-1].body
    assert b'name="model"\r\n\r\nstt\r\n' in sent
    assert b'filename="speech.wav"' in sent
    assert b"RIFF" in sent


@pytest.mark.parametrize(
    ("response_format", "content_type", "body"),
    [
        ("text", "text/plain; charset=utf-8", b"hello\n"),
        ("srt", "text/plain; charset=utf-8", b"1\n00:00:00,000 --> 00:00:01,000\nhello\n\n"),
        ("vtt", "text/vtt; charset=utf-8", b"WEBVTT\n\n"),
        ("verbose_json", "application/json", b'{"text":"hello","duration":1.5}'),
    ],
)
def test_every_format_passes_as_it_came(client, upstream, response_format, content_type, body):
    listening(upstream, body=body, content_type=content_type)
    form = {"model": "stt", "response_format": response_format}
    answer = client.post(TRANSCRIPTIONS, data=form, files={"file": b"RIFF"})
    assert (answer.content, answer.headers["content-type"]) == (body, content_type)


def test_streamed_transcript_passes(client, upstream):
    events = b'data: {"type":"transcript.text.delta","delta":"hel"}\n\n'
    listening(upstream, body=events, content_type="text/event-stream")
    form = {"model": "stt", "stream": "true"}
    answer = client.post(TRANSCRIPTIONS, data=form, files={"file": b"RIFF"})
    assert answer.content == events


def test_html_from_the_upstream_is_no_page_here(client, upstream):
    listening(upstream, body=b"<script>alert(1)</script>", content_type="text/html")
    answer = client.post(TRANSCRIPTIONS, data={"model": "stt"}, files={"file": b"RIFF"})
    assert answer.headers["content-type"].startswith("text/plain")


def test_azure_names_the_model_in_the_path(client, upstream):
    listening(upstream)
    path = "/openai/deployments/two.stt/audio/transcriptions?api-version=2024-10-21"
    answer = client.post(path, data={"model": "tts-hd"}, files={"file": b"RIFF"})
    assert answer.json() == TEXT
    assert b'name="model"\r\n\r\nstt\r\n' in upstream.requests[-1].body


class Form:
    """A large form, written as it is sent: ``before``, a file of ``size`` bytes, ``after``."""

    boundary = "b0undary"

    def __init__(self, size: int, before: dict, after: dict, on_piece=lambda: None) -> None:
        self.size, self.before, self.after, self.on_piece = size, before, after, on_piece

    @property
    def headers(self) -> dict:
        return {"content-type": f"multipart/form-data; boundary={self.boundary}"}

    def __iter__(self):
        yield from map(self.field, self.before.items())
        disposition = 'form-data; name="file"; filename="long.wav"'
        yield f"--{self.boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
        for _ in range(self.size // 2**20):
            yield b"\x00" * 2**20
            self.on_piece()
        yield b"\r\n"
        yield from map(self.field, self.after.items())
        yield f"--{self.boundary}--\r\n".encode()

    def field(self, item) -> bytes:
        name, value = item
        return (
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        ).encode()


@pytest.mark.parametrize(
    "fields", [({"model": "stt"}, {}), ({}, {"model": "stt"})], ids=["model first", "model last"]
)
def test_large_upload_costs_no_memory(gateway, client, upstream, fields):
    listening(upstream)
    process = psutil.Process(gateway.process.pid)
    before = process.memory_info().rss
    sizes = []
    form = Form(UPLOAD_BYTES, *fields, on_piece=lambda: sizes.append(process.memory_info().rss))
    answer = client.post(TRANSCRIPTIONS, content=iter(form), headers=form.headers)
    assert answer.json() == TEXT
    assert max(sizes) - before < MOST_GROWTH_BYTES
    assert len(upstream.requests.pop().body) > UPLOAD_BYTES


def test_upload_may_take_longer_than_its_connections_timeout(client, upstream):
    listening(upstream)
    form = Form(4 * 2**20, {"model": "brief.stt"}, {}, on_piece=lambda: time.sleep(0.4))
    answer = client.post(TRANSCRIPTIONS, content=iter(form), headers=form.headers)
    assert answer.json() == TEXT


def test_no_byte_of_a_file_for_a_model_that_is_not_granted(gateway, keys, upstream):
    before = calls_of(upstream, TRANSCRIPTIONS)
    form = Form(2**20, {}, {"model": "stt"})
    with client_of(gateway, keys["bob"]) as bob:
        answer = bob.post(TRANSCRIPTIONS, content=iter(form), headers=form.headers)
    assert answer.json()["error"]["code"] == "model_not_found"
    assert calls_of(upstream, TRANSCRIPTIONS) == before


@pytest.mark.parametrize("name", ["model", "Model"])
def test_a_second_model_behind_the_file_is_refused(client, upstream, name):
    listening(upstream)
    form = Form(2**20, {"model": "stt"}, {name: "tts-hd"})
    answer = client.post(TRANSCRIPTIONS, content=iter(form), headers=form.headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == name


def test_upload_over_the_cap_is_413(limited, keys, upstream):
    listening(upstream)
    with client_of(limited, keys["alice"]) as client:
        form = Form(4 * 2**20, {"model": "stt"}, {})
        answer = client.post(TRANSCRIPTIONS, content=iter(form), headers=form.headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


def test_client_that_leaves_in_mid_upload_takes_the_upstream_along(gateway, client, upstream):
    listening(upstream)

    class LeavingError(Exception):
        pass

    def leave():
        raise LeavingError

    before = upstream.disconnects
    form = Form(2 * 2**20, {"model": "stt"}, {}, on_piece=leave)
    with pytest.raises(LeavingError):
        client.post(TRANSCRIPTIONS, content=iter(form), headers=form.headers)
    assert upstream.wait_for_disconnect(count=before + 1)

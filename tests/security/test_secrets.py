"""Canary keys, sent through everything that may fail, must turn up nowhere."""

import json
import sqlite3
from base64 import b64encode
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.security.canaries import HEADER_SECRET, UPSTREAM_KEY
from tests.security.routes import METHODS, routes_of
from tests.support.api import CHAT, chat_body
from tests.support.responders import head, json_response, raw, reset_before_response, sse

pytestmark = pytest.mark.acceptance

QUOTED = {"error": {"message": f"Key {UPSTREAM_KEY}", "code": UPSTREAM_KEY}}
PAGE = f"<html>{UPSTREAM_KEY}</html>".encode()
ILL = [
    json_response(QUOTED, 400),
    json_response(QUOTED, 401),
    json_response(QUOTED, 429, {"Retry-After-Ms": "1"}),  # or those below would reach no upstream
    json_response(QUOTED, 500),
    json_response(QUOTED),
    json_response({"error": UPSTREAM_KEY}),
    json_response({"detail": UPSTREAM_KEY}, 422),
    json_response({"error": {"message": 1, "type": UPSTREAM_KEY, "param": UPSTREAM_KEY}}, 400),
    raw(head(502, content_length=len(PAGE)) + PAGE),
    raw(head(200, content_length=len(PAGE)) + PAGE),
    raw(PAGE + b"\r\n\r\n"),
    sse(QUOTED),
    sse(b"data: {}\n\n", QUOTED),
    sse(b"data: {}\n\n", {"error": UPSTREAM_KEY}),
    reset_before_response,
]


@pytest.fixture
def canaries(keys):
    """The keys, each as it is and as base64."""
    plain = [key.encode() for key in (UPSTREAM_KEY, *keys.values())]
    return plain + [b64encode(key).rstrip(b"=") for key in plain]


def assert_clean(content, canaries):
    assert not [canary for canary in canaries if canary in content]


def shown(answer):
    return answer.content + repr(answer.headers.multi_items()).encode()


@contextmanager
def without_table(database, table):
    """Nothing can be read from ``table`` until the block is left."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO out_of_reach")
        try:
            yield
        finally:
            connection.execute(f"ALTER TABLE out_of_reach RENAME TO {table}")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("responder", ILL)
def test_no_answer_shows_a_secret(root, upstream, canaries, responder, stream):
    upstream.on("POST", CHAT, responder)
    for model in ("open", "lab.open"):
        answer = root.post(CHAT, json=chat_body(model, stream=stream))
        assert_clean(shown(answer), canaries)


@pytest.mark.parametrize("user", ["alice", "root"])
def test_no_route_shows_a_secret(gateway, alice, root, keys, canaries, user):
    client = {"alice": alice, "root": root}[user]
    for route in routes_of("gateway_project.api_urls"):
        for method in METHODS:
            if (method, route.path) != ("post", "/openai/config/update"):
                answer = client.request(method, route.path, json=chat_body(keys["alice"]))
                assert_clean(shown(answer).replace(b"`" + keys["alice"].encode(), b""), canaries)


def test_the_configuration_is_shown_without_secrets_and_can_be_sent_back(root, upstream, canaries):
    shown_document = root.get("/openai/config")
    assert upstream.url in shown_document.text
    assert_clean(shown(shown_document), [*canaries, HEADER_SECRET.encode()])
    updated = root.post("/openai/config/update", json=shown_document.json())
    assert updated.status_code == 200
    assert_clean(shown(updated), canaries)
    root.post(CHAT, json=chat_body("lab.open"))
    assert upstream.calls[-1].header("Authorization") == f"Bearer {UPSTREAM_KEY}"
    assert upstream.calls[-1].header("X-Secret-Token") == HEADER_SECRET


@pytest.mark.parametrize("command", ["export_config --no-secrets", "verify_connection --all"])
def test_commands_show_no_secret(gateway, upstream, canaries, command):
    done = gateway.manage(*command.split(), check=False)
    assert upstream.url in done.stdout or "scripted" in done.stdout
    assert_clean((done.stdout + done.stderr).encode(), [*canaries, HEADER_SECRET.encode()])


def test_a_configuration_that_fails_to_import_is_not_quoted(gateway, keys, canaries):
    entry = {"name": "x", "base_url": "ftp://x", "keys": [UPSTREAM_KEY], "key": UPSTREAM_KEY}
    file = gateway.directory / "broken.yaml"
    for content in (json.dumps({"connections": [entry]}), f"connections: [{UPSTREAM_KEY}: ]: "):
        file.write_text(content)
        done = gateway.manage("import_config", str(file), check=False)
        assert done.returncode != 0
        assert_clean((done.stdout + done.stderr).encode(), canaries)


def test_a_failure_of_our_own_shows_nothing(gateway, root, canaries):
    database = Path(gateway.environment["DATA_DIR"]) / "gatehouse.db"
    with without_table(database, "connections_connection"):
        answer = root.get("/openai/config")
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "server_error"
    assert "connections_connection" not in answer.text
    assert_clean(shown(answer), canaries)
    assert answer.headers["x-request-id"] in gateway.log


def test_neither_database_nor_log_holds_a_secret(gateway, root, upstream, canaries):
    """Runs after the tests above have given both every occasion, and gives them the worst again."""
    upstream.on("POST", CHAT, *ILL)
    for _ in ILL:
        root.post(CHAT, json=chat_body("lab.open"))
    files = [path for path in Path(gateway.environment["DATA_DIR"]).rglob("*") if path.is_file()]
    assert {"gatehouse.db"} <= {path.name for path in files}
    for path in files:
        assert_clean(path.read_bytes(), canaries)
    assert_clean(gateway.log.encode(), [*canaries, HEADER_SECRET.encode()])

"""``manage.py serve`` from outside, on either pair of database and cache."""

import subprocess
import sys
from functools import partial

import httpx
import pytest

from tests.support.api import CHAT, chat_body
from tests.support.environment import ROOT, made_up_secrets
from tests.support.live import TWO_WORKERS
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import wait_until
from tests.support.responders import complete_chat, json_response
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance


def get(gateway, path, key=""):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.get(f"{gateway.url}{path}", headers=headers, **PLAIN_HTTP)


def test_health_needs_no_key(gateway):
    assert get(gateway, "/livez").json() == {"status": "ok"}
    readiness = get(gateway, "/readyz").json()
    assert readiness["status"] == "ok"
    assert ("redis" in readiness) == (gateway.backing == "postgres+redis")


def test_a_new_key_works_at_once(gateway):
    answer = get(gateway, "/v1/models", gateway.api_key("alice"))
    assert answer.status_code == 200
    assert answer.json()["object"] == "list"


def test_without_a_key_nothing_is_listed(gateway):
    answer = get(gateway, "/v1/models")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_the_admin_asks_to_sign_in(gateway):
    answer = get(gateway, "/admin/")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/admin/login/")


def test_keys_outlive_a_restart(start_gateway):
    gateway = start_gateway()
    key = gateway.api_key("alice")
    gateway.stop()
    gateway.start()
    assert get(gateway, "/v1/models", key).status_code == 200


def test_restart_takes_up_what_changed_in_the_environment(start_gateway):
    gateway = start_gateway(OPENAI_API_BASE_URL="http://127.0.0.1:9/v1", OPENAI_API_KEY="sk-former")
    gateway.stop()
    gateway.environment["OPENAI_API_KEY"] = "sk-latter-key-5678"
    gateway.start()

    assert "From the environment: connection 127-0-0-1-9: keys" in gateway.log
    assert "sk-latter" not in gateway.log
    exported = gateway.manage("export_config").stdout
    assert "sk-latter-key-5678" in exported
    assert "sk-former" not in exported


async def take_the_second_key(exchange):
    is_taken = exchange.request.header("authorization") == "Bearer sk-second"
    await (complete_chat if is_taken else json_response({}, status=401))(exchange)


def test_key_file_is_read_again_without_a_restart(start_gateway, tmp_path):
    """By each of several workers; and a file that vanishes takes no key away.

    The upstream refuses the first key, so that each worker takes it for dead: the key that comes
    into its place in the file is another one.
    """
    file = tmp_path / "key"
    file.write_text("sk-first\n")
    connection = {"name": "one", "keys": [f"file:{file}"], "model_ids": ["m"]}
    with ScriptedUpstream() as upstream:
        gateway = start_gateway(BACKINGS[0], *TWO_WORKERS, GATEWAY_KEY_FILES_DIR=str(tmp_path))
        key = gateway.api_key("carol", is_admin=True)
        gateway.configure(
            connections=[connection | {"base_url": upstream.url}],
            grants=[{"models": ["m"], "everyone": True}],
        )

        def sent():
            """The keys that several calls bring, each over a connection of its own; none while a
            worker does not know the model yet."""
            before = len(upstream.calls)
            headers = {"Authorization": f"Bearer {key}", "Connection": "close"}
            ask = partial(httpx.post, json=chat_body("m"), headers=headers, **PLAIN_HTTP)
            is_known = [ask(f"{gateway.url}{CHAT}").status_code != 404 for _ in range(12)]
            found = {call.header("authorization") for call in upstream.calls[before:]}
            return found if all(is_known) else set()

        upstream.on("POST", CHAT, take_the_second_key)
        wait_until(lambda: sent() == {"Bearer sk-first"}, what="the first key")
        (tmp_path / "new").write_text("sk-second\n")
        (tmp_path / "new").rename(file)
        wait_until(lambda: sent() == {"Bearer sk-second"}, what="the second key")
        file.unlink()
        wait_until(lambda: "Its last key stays in use." in gateway.log, what="the warning")

        assert sent() == {"Bearer sk-second"}
        assert "sk-second" not in gateway.log


def test_database_of_other_encryption_keys_is_refused_in_words(start_gateway):
    gateway = start_gateway()
    gateway.api_key("alice")
    gateway.stop()
    other = made_up_secrets()["ENCRYPTION_KEYS"]
    environment = gateway.process_environment() | {"ENCRYPTION_KEYS": other}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(gateway.port)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "with a key that ENCRYPTION_KEYS lacks" in done.stderr
    assert "Traceback" not in done.stderr


def test_several_workers_share_keys_and_end_together(start_gateway):
    gateway = start_gateway(BACKINGS[0], *TWO_WORKERS)
    key = gateway.api_key("bob")
    assert {get(gateway, "/v1/models", key).status_code for _ in range(8)} == {200}

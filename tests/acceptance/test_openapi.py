"""What the API's description promises, tried by a stranger: Schemathesis makes requests of it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from portal.openapi.document import document
from tests.support import parts
from tests.support.api import client_of, wait_for_models
from tests.support.environment import ROOT
from tests.support.parts import Part
from tests.support.stores import on_one_backing

pytestmark = [pytest.mark.acceptance, on_one_backing]

# Not among them: fields of a body that the gateway passes on are for the model to judge.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
MODELS = ("demo-chat", "demo-echo", "demo-embedding", "demo-stt", "demo-tts", "demo/slashed:free")
# The first would end the very key; of the second Schemathesis has the document.
UNTRIED = ("delete_me_keys_key_id", "get_openapi_json")
EXAMPLES = "3"  # of each operation


@pytest.fixture(scope="module")
def demo_url():
    command = [sys.executable, "manage.py", "demo_upstream", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:
        yield re.search(r"http://\S+/v1", demo.stdout.readline())[0]
        demo.terminate()


@pytest.fixture(scope="module")
def key(gateway, demo_url):
    key = gateway.configured_for(
        "emma",
        connections=[{"name": "demo", "base_url": demo_url, "auth_type": "none"}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    with client_of(gateway, key) as emma:
        wait_for_models(emma, *MODELS)
    return key


def schemathesis():
    path = Path(sys.executable).with_name("st")
    return Part(name="Schemathesis", version="", address=str(path)) if path.exists() else None


def test_the_document_names_the_address_it_was_asked_at(gateway, key):
    headers = {"authorization": f"Bearer {key}"}
    url = f"{gateway.url}/v1/openapi.json"
    assert httpx.get(url, headers=headers).json()["servers"] == [{"url": f"{gateway.url}/v1"}]
    assert httpx.get(url).status_code == 401


def test_the_documented_command_fetches_it(gateway, key, curl):
    (block,) = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/playground.md").read_text(), re.DOTALL)
    environment = {"OPENAI_BASE_URL": f"{gateway.url}/v1", "OPENAI_API_KEY": key}
    done = subprocess.run(
        ["sh", "-eu", "-c", block.replace("curl ", f"{curl.address} -sS ")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["openapi"] == "3.1.0"


@pytest.mark.long
def test_requests_of_a_stranger_are_answered_as_described(gateway, key, tmp_path):
    tool = parts.require("Schemathesis", schemathesis())
    done = subprocess.run(
        [
            *(tool.address, "run", f"{gateway.url}/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {key}", "--checks", ",".join(CHECKS)),
            *("--phases", "examples,fuzzing", "--max-examples", EXAMPLES, "--seed", "1"),
            *("--no-shrink", "--continue-on-failure", "--warnings", "off"),
            *("--exclude-operation-id", UNTRIED[0]),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    tested = sum(map(len, document(gateway.url)["paths"].values())) - len(UNTRIED)
    assert f"Tested: {tested}" in done.stdout, done.stdout[-6000:]

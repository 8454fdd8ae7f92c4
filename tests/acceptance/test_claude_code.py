"""Claude Code, which asks for messages alone, streamed, and reads files as it is told to."""

import json
import subprocess

import pytest

from tests.support.client_packages import node_project
from tests.support.programs import isolated
from tests.support.responses_tool_user import SEALED
from tests.support.stores import on_one_backing
from tests.support.tool_users import (
    CLAUDE,
    MODELS,
    PLAIN,
    RESPONDER,
    THOUGHT,
    key_for,
    tool_users,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.big_client, on_one_backing]

NOTE = "The answer is 42."
# What runs where the package's own scripts may not.
PROGRAM = "node_modules/@anthropic-ai/claude-code/cli-wrapper.cjs"
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_MAX_RETRIES": "0",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
}
SECONDS = 120
EVENTS = ("--output-format", "stream-json", "--verbose")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "work").mkdir()
    return home


@pytest.fixture(scope="module")
def note(home):
    """The file that the models are asked about."""
    note = home / "work" / "note.txt"
    note.write_text(f"{NOTE}\n")
    return note


@pytest.fixture(scope="module")
def calls():
    """What the models call: the arguments of each tool."""
    return {}


@pytest.fixture(scope="module")
def upstreams(calls):
    with tool_users(calls) as upstreams:
        yield upstreams


@pytest.fixture
def reading(calls, note):
    """The models read the note in this test."""
    calls.clear()
    calls["Read"] = {"file_path": str(note)}


@pytest.fixture(scope="module")
def key(gateway, upstreams):
    return key_for(gateway, upstreams)


@pytest.fixture(scope="module")
def claude(gateway, key, home, tmp_path_factory):
    """``claude(model, prompt, *options)``: its exit code, and the objects of its report.

    ``credential`` is the variable that its key comes from, which decides the header.
    """
    project = node_project("claude_code", tmp_path_factory.mktemp("claude_code"))

    def run(model, prompt, *options, credential="ANTHROPIC_AUTH_TOKEN"):
        # Titles and the like are asked of the small model.
        models = {"ANTHROPIC_MODEL": model, "ANTHROPIC_DEFAULT_HAIKU_MODEL": model}
        access = {"ANTHROPIC_BASE_URL": gateway.url, credential: key}
        done = subprocess.run(
            ["node", project / PROGRAM, "-p", prompt, "--allowedTools", "Read", *options],
            cwd=home / "work",
            env=isolated(home, **access, **models, **QUIET),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        report = [json.loads(line) for line in done.stdout.split("\n") if line]
        return done.returncode, report

    return run


@pytest.mark.parametrize("model", [*MODELS, RESPONDER])
@pytest.mark.usefixtures("reading")
def test_a_file_is_read_and_the_session_goes_on(claude, upstreams, model):
    check_turn(*claude(model, "What does the note say?", *EVENTS), model)
    check_turn(*claude(model, "And now?", *EVENTS, "--continue"), model)
    upstream = upstreams[{CLAUDE: "claude", RESPONDER: "responses"}.get(model, "chats")]
    told = json.dumps(upstream.calls[-1].json)
    assert "What does the note say?" in told
    assert told.count(SEALED) == (3 if model == RESPONDER else 0)


def check_turn(exit_code, events, model):
    """The upstreams that reason would refuse to go on if their thoughts did not come back."""
    assert exit_code == 0, events
    check_result(events[-1])
    blocks = [block for event in events for block in blocks_of(event)]
    [result] = [block for block in blocks if block["type"] == "tool_result"]
    assert NOTE in result["content"]
    thoughts = [block["thinking"] for block in blocks if block["type"] == "thinking"]
    assert thoughts == ([] if model == PLAIN else [THOUGHT] * 2)


def blocks_of(event):
    content = event.get("message", {}).get("content")
    return content if isinstance(content, list) else []


def check_result(result):
    assert (result["subtype"], result["is_error"], result["num_turns"]) == ("success", False, 2)
    assert NOTE in result["result"]
    assert result["usage"]["input_tokens"] == 2 * 50


@pytest.mark.parametrize("model", [PLAIN, RESPONDER])
def test_a_tool_that_was_looked_for_is_offered_from_then_on(claude, upstreams, calls, model):
    """Its schema comes along only after the result that refers to it."""
    calls.clear()
    calls["ToolSearch"] = {"query": "select:WebFetch", "max_results": 1}
    exit_code, [result] = claude(model, "Look.", "--output-format", "json")
    assert exit_code == 0, result
    assert "WebFetch" in result["result"]
    upstream = upstreams["responses" if model == RESPONDER else "chats"]
    before, after = (json.dumps(call.json["tools"]) for call in upstream.calls[-2:])
    assert '"WebFetch"' in after
    assert '"WebFetch"' not in before


@pytest.mark.usefixtures("reading")
def test_a_whole_report_with_the_key_in_the_other_header(claude):
    exit_code, [result] = claude(
        PLAIN, "What does the note say?", "--output-format", "json", credential="ANTHROPIC_API_KEY"
    )
    assert exit_code == 0, result
    check_result(result)


def test_a_model_that_is_not_there(claude):
    exit_code, [result] = claude("gpt-unknown", "Hello", "--output-format", "json")
    assert exit_code != 0
    assert (result["is_error"], result["api_error_status"]) == (True, 404)
    assert "gpt-unknown" in result["result"]

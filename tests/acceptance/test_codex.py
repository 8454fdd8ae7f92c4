"""Codex, which asks for responses alone, keeps none, and runs commands as it is told to."""

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
RUN = {"exec_command": {"cmd": "cat note.txt"}}
PATCHED = "The answer is 43."
PATCH = f"""*** Begin Patch
*** Update File: note.txt
@@
-{NOTE}
+{PATCHED}
*** End Patch"""
SCRIPT = "const { output } = await tools.exec_command({ cmd: 'cat note.txt' }); text(output);"
# Models of which Codex knows that they take tools in forms of their own.
PATCHER, CODER = "gpt-5.5", "gpt-6-sol"
CONFIGURATION = """
model_provider = "gateway"
model_reasoning_effort = "low"
model_reasoning_summary = "auto"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[analytics]
enabled = false
[model_providers.gateway]
name = "gateway"
base_url = "{url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""
SECONDS = 120


@pytest.fixture(scope="module")
def calls():
    """What the models call: the arguments of each tool."""
    return {}


@pytest.fixture(scope="module")
def upstreams(calls):
    with tool_users(calls, PATCHER, CODER) as upstreams:
        yield upstreams


@pytest.fixture
def calling(calls):
    """``calling(tool={…})``: the models call this tool in this test."""

    def calling(**tools):
        calls.clear()
        calls.update(tools)

    return calling


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def note(home):
    """The file that the models are asked about."""
    note = home / "work" / "note.txt"
    note.write_text(f"{NOTE}\n")
    return note


@pytest.fixture(scope="module")
def codex(gateway, upstreams, home, tmp_path_factory):
    """``codex(*arguments)``: its exit code, and the events of its report."""
    project = node_project("codex", tmp_path_factory.mktemp("codex"))
    (home / "config.toml").write_text(CONFIGURATION.format(url=gateway.url))
    (home / "work").mkdir()
    access = {"CODEX_HOME": str(home), "GATEWAY_KEY": key_for(gateway, upstreams)}

    def run(*arguments):
        done = subprocess.run(
            [project / "node_modules/.bin/codex", "exec", *arguments],
            cwd=home / "work",
            env=isolated(home, **access),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        events = [json.loads(line) for line in done.stdout.split("\n") if line]
        return done.returncode, events

    return run


def asked(model, prompt, *options):
    return "--json", "--skip-git-repo-check", "-m", model, *options, prompt


def items_of(events, kind):
    items = [event["item"] for event in events if event["type"] == "item.completed"]
    return [item for item in items if item["type"] == kind]


@pytest.mark.parametrize("model", [*MODELS, RESPONDER])
@pytest.mark.usefixtures("note")
def test_a_command_is_run_and_the_session_goes_on(codex, upstreams, calling, model):
    calling(**RUN)
    exit_code, events = codex(*asked(model, "What does the note say?"))
    check_turn(exit_code, events, model)
    assert events[-1]["usage"]["input_tokens"] == 2 * 50
    exit_code, events = codex("resume", "--last", *asked(model, "And now?"))
    check_turn(exit_code, events, model)
    upstream = upstreams[{CLAUDE: "claude", RESPONDER: "responses"}.get(model, "chats")]
    told = json.dumps(upstream.calls[-1].json)
    assert "What does the note say?" in told
    assert told.count(SEALED) == (3 if model == RESPONDER else 0)


def check_turn(exit_code, events, model):
    """The upstreams that reason would refuse to go on if their thoughts did not come back."""
    check_run(exit_code, events)
    thoughts = [item["text"] for item in items_of(events, "reasoning")]
    assert thoughts == ([] if model == PLAIN else [THOUGHT] * 2)


def check_run(exit_code, events):
    assert exit_code == 0, events
    [command] = items_of(events, "command_execution")
    assert (command["exit_code"], command["aggregated_output"]) == (0, f"{NOTE}\n")
    [message] = items_of(events, "agent_message")
    assert NOTE in message["text"]
    assert events[-1]["type"] == "turn.completed"


def test_a_patch_is_applied(codex, calling, note):
    """A tool without a schema, which a chat is offered as one with a string."""
    calling(apply_patch={"input": PATCH})
    exit_code, events = codex(*asked(PATCHER, "Correct the note."))
    assert exit_code == 0, events
    assert [item["status"] for item in items_of(events, "file_change")] == ["completed"]
    assert note.read_text() == f"{PATCHED}\n"


@pytest.mark.usefixtures("note")
def test_a_script_calls_the_tools_that_came_with_the_input(codex, calling):
    """The newest models are offered theirs in an item of the input, within a namespace."""
    calling(functions__exec={"input": SCRIPT})
    check_run(*codex(*asked(CODER, "What does the note say?")))


@pytest.mark.usefixtures("note")
def test_a_tool_within_a_namespace_is_called(codex, calling):
    calling(multi_agent_v1__close_agent={"target": "nobody"})
    exit_code, events = codex(*asked(PLAIN, "Close the agent."))
    assert exit_code == 0, events
    [message] = items_of(events, "agent_message")
    assert "invalid agent id nobody" in message["text"]


@pytest.mark.usefixtures("note")
def test_a_model_that_is_not_there(codex):
    exit_code, events = codex(*asked("gpt-unknown", "Hello"))
    assert exit_code != 0
    assert "`gpt-unknown` does not exist" in events[-1]["error"]["message"]

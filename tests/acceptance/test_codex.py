"""Codex, which asks for responses alone, keeps none, and runs commands as it is told to."""

import json
import subprocess

import pytest

from tests.support.client_packages import node_project
from tests.support.programs import isolated
from tests.support.stores import on_one_backing
from tests.support.tool_users import CLAUDE, MODELS, PLAIN, THOUGHT, key_for, tool_users

pytestmark = [pytest.mark.acceptance, pytest.mark.big_client, on_one_backing]

NOTE = "The answer is 42."
CALLS = {"exec_command": {"cmd": "cat note.txt"}}
CONFIGURATION = """
model_provider = "gateway"
model_reasoning_effort = "low"
model_reasoning_summary = "auto"
model_supports_reasoning_summaries = true
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
def upstreams():
    with tool_users(CALLS) as upstreams:
        yield upstreams


@pytest.fixture(scope="module")
def codex(gateway, upstreams, tmp_path_factory):
    """``codex(*arguments)``: its exit code, and the items of its report, by their types."""
    project = node_project("codex", tmp_path_factory.mktemp("codex"))
    home = tmp_path_factory.mktemp("home")
    (home / "config.toml").write_text(CONFIGURATION.format(url=gateway.url))
    (home / "work").mkdir()
    (home / "work" / "note.txt").write_text(NOTE)
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


@pytest.mark.parametrize("model", MODELS)
def test_a_command_is_run_and_the_session_goes_on(codex, upstreams, model):
    exit_code, events = codex(*asked(model, "What does the note say?"))
    check_turn(exit_code, events, model)
    assert events[-1]["usage"]["input_tokens"] == 2 * 50
    exit_code, events = codex("resume", "--last", *asked(model, "And now?"))
    check_turn(exit_code, events, model)
    told = upstreams["claude" if model == CLAUDE else "chats"].calls[-1].json["messages"]
    assert "What does the note say?" in json.dumps(told)


def check_turn(exit_code, events, model):
    """The upstreams that reason would refuse to go on if their thoughts did not come back."""
    assert exit_code == 0, events
    [command] = items_of(events, "command_execution")
    assert (command["exit_code"], command["aggregated_output"]) == (0, NOTE)
    [message] = items_of(events, "agent_message")
    assert NOTE in message["text"]
    thoughts = [item["text"] for item in items_of(events, "reasoning")]
    assert thoughts == ([] if model == PLAIN else [THOUGHT] * 2)
    assert events[-1]["type"] == "turn.completed"


def test_a_model_that_is_not_there(codex):
    exit_code, events = codex(*asked("gpt-unknown", "Hello"))
    assert exit_code != 0
    assert "`gpt-unknown` does not exist" in events[-1]["error"]["message"]

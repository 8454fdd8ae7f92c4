import asyncio
import io
import json
import time

import pytest
from django.core.management import CommandError, call_command

from accounts.changes import current_versions
from connections.models import Connection, LastVerification
from connections.models.key_source import KeySource
from tests.support.processes import PATIENCE_SECONDS
from tests.support.responders import POLL_SECONDS, list_models
from tests.support.upstream import ScriptedUpstream, drip, head, json_response

SECRET = "sk-command-7d6c5b4a3f2e"
MODELS = "/v1/models"


@pytest.fixture
def server():
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture
def connect(db, server):
    """Stores a connection to ``server``."""

    def connect(name="one", **fields):
        connection = Connection.objects.create(name=name, base_url=server.url, **fields)
        connection.replace_keys([KeySource(secret=SECRET)])
        return connection

    return connect


def run(*arguments):
    """The exit code, and what went to stdout."""
    stdout = io.StringIO()
    try:
        call_command("verify_connection", *arguments, stdout=stdout)
    except SystemExit as exit_:
        return exit_.code, stdout.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, stdout.getvalue()


def test_working_connection_exits_with_0(connect):
    connect()

    code, output = run("one")

    assert code == 0
    assert output.splitlines()[0] == "one works"
    assert [line.split()[1] for line in output.splitlines()[1:]] == ["dns", "tcp", "auth", "models"]


def test_stored_key_is_presented(connect, server):
    connect()

    run("one")

    assert server.requests[0].header("authorization") == f"Bearer {SECRET}"


def test_last_result_is_kept_and_no_worker_has_to_hear_of_it(
    connect, server, django_capture_on_commit_callbacks
):
    connect("works")
    connect("also")
    before = current_versions()
    with django_capture_on_commit_callbacks(execute=True):
        run("works", "also")
        server.on("GET", MODELS, json_response({}, status=401))
        run("also")

    kept = LastVerification.objects.values_list("connection__name", "outcome", "failed_step")
    assert set(kept) == {("works", "ok", ""), ("also", "failed", "auth")}
    assert current_versions() == before


def test_nothing_is_kept_of_what_is_not_stored(db, server):
    assert run("--url", server.url)[0] == 0
    assert not LastVerification.objects.exists()


def test_failed_connection_exits_with_1_and_a_hint(connect, server):
    connect()
    server.on("GET", MODELS, json_response({"error": {"message": f"bad {SECRET}"}}, status=401))

    code, output = run("one")

    assert code == 1
    assert "bad •••" in output
    assert "→" in output
    assert SECRET not in output


def test_warnings_exit_with_3(connect, server):
    connect()
    server.on("GET", MODELS, json_response({}, status=404))

    assert run("one")[0] == 3


def test_one_failure_among_several_exits_with_1(connect):
    connect()
    Connection.objects.create(name="two", base_url="http://127.0.0.1:1/v1")

    code, output = run("one", "two")

    assert code == 1
    assert "one works" in output
    assert "two does not work" in output


def test_all_means_the_enabled_ones(connect):
    connect()
    connect("off", is_enabled=False)

    code, output = run("--all", "--json")

    assert code == 0
    assert [result["name"] for result in json.loads(output)["results"]] == ["one"]


def test_disabled_connection_can_be_named(connect):
    connect("off", is_enabled=False)

    assert run("off")[0] == 0


def test_json_is_one_object_without_secrets(connect):
    connect()

    _code, output = run("one", "--json", "--model", "gpt-4o", "--stream")

    answer = json.loads(output)
    assert answer["schema_version"] == 1
    [result] = answer["results"]
    assert (result["name"], result["outcome"]) == ("one", "ok")
    assert [s["name"] for s in result["steps"]] == [
        "dns",
        "tcp",
        "auth",
        "models",
        "chat",
        "stream",
    ]
    assert set(result["steps"][0]) == {"name", "status", "milliseconds", "detail", "hint"}
    assert SECRET not in output


def test_url_that_is_not_stored_needs_no_database(server, monkeypatch):
    monkeypatch.setenv("COMMAND_TEST_KEY", SECRET)

    code, output = run("--url", server.url, "--key-env", "COMMAND_TEST_KEY")

    assert code == 0
    assert output.startswith(server.url)
    assert server.requests[0].header("authorization") == f"Bearer {SECRET}"


def test_azure_that_is_not_stored_is_asked_its_way(server, monkeypatch):
    monkeypatch.setenv("COMMAND_TEST_KEY", SECRET)
    server.on("GET", "/openai/models", json_response({"data": []}))
    url = server.url.removesuffix("/v1")

    run("--url", url, "--key-env", "COMMAND_TEST_KEY", "--provider", "azure", "--api-version", "v")

    assert server.requests[0].target == "/openai/models?api-version=v"
    assert server.requests[0].header("api-key") == SECRET


def test_variable_of_the_key_must_be_set(server, monkeypatch):
    monkeypatch.delenv("COMMAND_TEST_KEY", raising=False)

    code, output = run("--url", server.url, "--key-env", "COMMAND_TEST_KEY")

    assert code == 1
    assert "COMMAND_TEST_KEY" in output


def test_password_in_a_url_is_not_shown():
    code, output = run("--url", "http://me:hunter2@127.0.0.1/v1")

    assert code == 1
    assert "credentials" in output
    assert "hunter2" not in output


def test_markup_in_words_of_the_upstream_is_inert(connect, server):
    connect()
    server.on("GET", MODELS, json_response({"error": {"message": "[bold]x[/nope]"}}, status=401))

    assert "[bold]x[/nope]" in run("one")[1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nowhere",),
        ("--all",),
        ("--all", "one"),
        ("--all", "--url", "http://127.0.0.1/v1"),
        ("--all", "--key-env", "X"),
        ("--all", "--stream"),
    ],
)
def test_wrong_usage_exits_with_2(arguments):
    assert run(*arguments)[0] == 2


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "abc", "1e9"])
def test_timeout_must_be_a_sensible_number(timeout):
    with pytest.raises(CommandError, match="seconds"):
        call_command("verify_connection", "--all", "--timeout", timeout)


def test_connections_are_verified_at_the_same_time(connect, server):
    for name in ("one", "two", "three", "four"):
        connect(name)

    async def answer_once_all_have_asked(exchange):
        while len(server.requests) < 4:  # noqa: ASYNC110 - they come on other connections
            await asyncio.sleep(POLL_SECONDS)
        await list_models(exchange)

    server.on("GET", MODELS, answer_once_all_have_asked)
    assert run("--all", "--timeout", str(PATIENCE_SECONDS))[0] == 0


def test_time_is_kept_against_an_upstream_that_drips(connect, server):
    connect()
    server.on("GET", MODELS, drip(b"x" * 100, 0.1, head(content_length=100)))
    started = time.monotonic()

    assert run("one", "--timeout", "0.5")[0] == 1
    assert time.monotonic() - started < 8  # the drip takes 10

"""What any command says of an environment that it cannot use: no traceback, and no secret."""

import json
import subprocess
import sys

import pytest

from tests.support.environment import ROOT, clean_environment

SECRET = "s3cr3t-of-the-operator"
# Each variable, and the words that tell of it in one line.
REFUSED = {
    "ALLOWED_HOSTS": ("https://gw.example:8443", "has a scheme. Write the host name alone"),
    "DATABASE_URL": (f"postgres://u:pa/{SECRET}@db.example/gw", "%2F"),
    "REDIS_URL": (f"redis://:pa#{SECRET}@redis.example:6379/0", "%23"),
    "GATEWAY_UPSTREAM_PROXY": (f"http://u:%{SECRET}@proxy.example:3128", "%25"),
    "AIOHTTP_CLIENT_SESSION_SSL": ("/no/such.pem", "nor a file that exists"),
    "OIDC_ISSUER": ("https://id.example/.well-known/openid-configuration", "/.well-known"),
    "ENCRYPTION_KEYS": (SECRET, "is no key"),
    "OPENAI_API_CONFIGS": (f"{{'{SECRET}': 1}}", "is not valid JSON"),
    "GATEWAY_MAX_HOPS": (SECRET, "must be a number"),
    "GATEWAY_HISTORY_DAYS": ("740000", "must be a number of at most 36500"),
    "GATEWAY_ERROR_TEXT_DAYS": ("740000", "must be a number of at most 36500"),
    "GATEWAY_CONVERSATION_DAYS": ("740000", "must be a number of at most 36500"),
    "GATEWAY_PASSTHROUGH": (SECRET, "must be true or false"),
    "LOG_LEVEL": (SECRET, "must be one of"),
    "GATEWAY_CORS_ORIGINS": ("app.example", "has no scheme"),
}
MENDED = {
    "OPENAI_API_KEY": f'"Bearer {SECRET}"',
    "SECRET_KEY": f" {SECRET} ",
    "GATEWAY_STREAM_IDEL_TIMEOUT": "5",
}


def manage(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean_environment(**environment),
        capture_output=True,
        check=False,
        text=True,
    )


@pytest.mark.parametrize("command", ["check", "serve", "migrate", "list_api_keys"])
def test_every_command_tells_all_that_is_wrong_at_once(tmp_path, command):
    environment = {name: value for name, (value, _) in REFUSED.items()}
    done = manage(command, **environment, **MENDED, DATA_DIR=str(tmp_path))

    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    for name, (_, words) in REFUSED.items():
        assert [line for line in lines if name in line and words in line], name
    for name in MENDED:
        assert [line for line in lines if line.startswith("Warning: ") and name in line], name
    assert SECRET not in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_mended_is_a_warning_and_works(tmp_path):
    done = manage("check", **MENDED, DATA_DIR=str(tmp_path))

    assert done.returncode == 0
    for name in MENDED:
        assert f"(gateway_project.W004) {name}" in done.stderr
    assert SECRET not in done.stderr


def test_data_directory_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").touch()
    done = manage("check", DATA_DIR=str(tmp_path / "file"))

    assert f"DATA_DIR, {tmp_path / 'file'}, cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_json_on_stdout_is_not_disturbed(tmp_path):
    environment = MENDED | {"DATA_DIR": str(tmp_path)}
    manage("migrate", **environment)
    done = manage("bootstrap", "--json", **environment)

    assert json.loads(done.stdout)["schema_version"] == 1

"""The processes that commands and gateways of tests are forked from."""

import os

import pytest

from tests.support.environment import clean_environment
from tests.support.hosts import host_of

PRINT = "import os; from django.conf import settings; print(settings.DATA_DIR, os.getpid())"


@pytest.fixture(name="environment")
def _environment(tmp_path):
    return clean_environment(DATA_DIR=str(tmp_path / "data"))


def said(environment, code):
    return host_of(environment).run("shell", "--no-imports", "-c", code).stdout.split()


def test_a_command_reads_its_own_environment(environment, tmp_path):
    other = environment | {"DATA_DIR": str(tmp_path / "other")}
    assert said(environment, PRINT)[0] == environment["DATA_DIR"]
    assert said(other, PRINT)[0] == other["DATA_DIR"]


def test_each_command_is_a_process_of_its_own(environment):
    assert len({said(environment, PRINT)[1] for _ in range(3)} | {str(os.getpid())}) == 4


def test_libraries_see_what_they_read_at_import(environment):
    code = "import os; print(os.environ['SSL_CERT_DIR'])"
    assert said(environment | {"SSL_CERT_DIR": "/nowhere"}, code) == ["/nowhere"]


def test_a_failure_has_its_exit_code_and_words(environment):
    done = host_of(environment).run("shell", "--no-imports", "-c", "raise SystemExit('enough')")
    assert (done.returncode, done.stderr) == (1, "enough\n")
    done = host_of(environment).run("no_such_command")
    assert done.returncode == 1
    assert "no_such_command" in done.stderr


def test_two_tests_share_a_host(environment, monkeypatch):
    first = host_of(environment)
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "another")
    assert host_of(clean_environment(DATA_DIR=environment["DATA_DIR"])) is first


def test_a_process_outlives_many_hosts_and_ends_with_its_own(environment, tmp_path):
    code = "import time; print('on', flush=True); time.sleep(600)"
    host = host_of(environment)
    process = host.start("shell", "--no-imports", "-c", code, log=tmp_path / "log")
    for number in range(5):
        host_of(environment | {"DATA_DIR": str(tmp_path / str(number))})
    assert host_of(environment) is host
    assert process.poll() is None
    process.terminate()
    assert process.wait(60) == -15

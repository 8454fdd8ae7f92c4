"""What log lines hold."""

from __future__ import annotations

import io
import logging
import logging.config
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway_project.settings.logs import logging_config
from tests.support.environment import ROOT, clean_environment


@pytest.fixture(params=["console", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """The output of a logger with the formatter of the shipped configuration."""
    config = logging_config(request.param)["formatters"]["structlog"]
    formatter = logging.config.DictConfigurator({}).configure_formatter({**config})
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    logger = logging.getLogger("tests.logs")
    logger.addHandler(handler)
    yield output
    logger.removeHandler(handler)


def test_a_traceback_shows_no_local_variable(log: io.StringIO) -> None:
    def fail(secret: str) -> None:
        raise ValueError(f"{len(secret)} is wrong")

    try:
        fail("yranac"[::-1])
    except ValueError:
        logging.getLogger("tests.logs").exception("It broke.")
    assert "6 is wrong" in log.getvalue()
    assert "canary" not in log.getvalue()


SECRET = "canary-7f3a"
FACTS = {
    "api_key": SECRET,
    "X-Api-Key": SECRET.encode(),
    "headers": [(b"authorization", f"Basic {SECRET}".encode()), ("Cookie", f"sessionid={SECRET}")],
    "request": {"url": f"https://u:{SECRET}@host/x?sig={SECRET}", "refresh_token": [SECRET]},
    "shown": (1, {"password": SECRET}),
}


@pytest.mark.parametrize("how", ["message", "arguments", "exception", "extra", "stack", "object"])
def test_no_part_of_a_record_holds_a_secret(log: io.StringIO, how: str) -> None:
    logger = logging.getLogger("tests.logs")
    match how:
        case "message":
            logger.warning(f"GET /x?api-key={SECRET} said")  # noqa: G004
        case "arguments":
            logger.warning("%s said %s", f"wss://u:{SECRET}@host", {"api-key": SECRET})
        case "exception":
            try:
                int(f"https://host/x?key={SECRET}")
            except ValueError:
                logger.exception("said")
        case "extra":
            logger.warning("said", extra=FACTS)
        case "stack":
            logger.warning("said", stack_info=True, extra={"api_token": SECRET})
        case "object":
            logger.warning("said", extra={"failure": ValueError(f"Bearer {SECRET}")})
    assert "said" in log.getvalue()
    assert SECRET not in log.getvalue()


def test_what_is_no_secret_is_told(log: io.StringIO) -> None:
    facts = {"max_tokens": 4096, "status": 200, "key": "sk-gw-…4f2A", "took": 1.5, "none": None}
    logging.getLogger("tests.logs").warning("Is it well? %s", "yes", extra=facts)
    said = log.getvalue()
    for told in ("Is it well? yes", "4096", "200", "1.5"):
        assert told in said
    assert "4f2A" in said


def test_warnings_and_structlog_go_the_same_way(tmp_path: Path) -> None:
    script = (
        "import django; django.setup(); import warnings, structlog;"
        "from gateway_project.settings.logs import configure_structlog; configure_structlog();"
        f"warnings.warn('https://host/?key={SECRET}');"
        f"structlog.get_logger('other').warning('Said', url='https://host/?key={SECRET}')"
    )
    done = in_settings(tmp_path, script)
    assert done.stdout == ""
    assert "Said" in done.stderr
    assert "UserWarning" in done.stderr
    assert SECRET not in done.stderr


@pytest.mark.parametrize(("level", "is_told"), [("warning", False), ("DEBUG", True)])
def test_the_level_is_a_setting(tmp_path: Path, level: str, is_told: bool) -> None:
    script = "import django; django.setup(); import logging; logging.getLogger('x').info('Said')"
    done = in_settings(tmp_path, script, LOG_LEVEL=level)
    assert ("Said" in done.stderr) is is_told


def test_a_level_that_is_none_is_refused(tmp_path: Path) -> None:
    done = in_settings(tmp_path, "import django; django.setup()", LOG_LEVEL="verbose")
    assert done.returncode != 0
    assert "LOG_LEVEL must be one of info, debug, warning" in done.stderr


def in_settings(tmp_path: Path, script: str, **values: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(
        DATA_DIR=str(tmp_path), DJANGO_SETTINGS_MODULE="gateway_project.settings", **values
    )
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

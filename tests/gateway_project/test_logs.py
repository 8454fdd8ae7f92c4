"""What log lines hold."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest

from gateway_project.settings.logs import logging_config


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

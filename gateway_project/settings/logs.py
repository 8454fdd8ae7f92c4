"""Logging: structlog renders, the standard library routes. One line per event, to stderr."""

from __future__ import annotations

import logging
import logging.config
from typing import Any

import structlog

from gateway_project.settings.censoring import censored_fields

LEVELS = ("info", "debug", "warning", "error", "critical")


def _rank(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def _without_colours(_logger: Any, _name: str, event: Any) -> Any:
    """uvicorn says everything twice, the second time with terminal codes."""
    event.pop("color_message", None)
    return event


SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _without_colours,
]


def logging_config(log_format: str, level: str = "info") -> dict[str, Any]:
    """A ``logging`` configuration for ``console`` (for people) or ``json`` (for machines).

    ``level`` is one of ``LEVELS``.
    """
    renderers: list[Any] = (
        # Rich tracebacks would print local variables, keys among them.
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if log_format == "console"
        else [structlog.processors.JSONRenderer()]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structlog": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED_PROCESSORS,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    censored_fields,
                    *renderers,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structlog"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": _loggers(level),
    }


def _loggers(level: str) -> dict[str, Any]:
    quiet = {"level": "WARNING"}
    return {
        # These four log every request with its URL.
        "httpx": quiet,
        "httpcore": quiet,
        "aiohttp.access": quiet,
        "azure": quiet,
        # On DEBUG, uvicorn logs every message of every WebSocket, and so prompts.
        "uvicorn.error": {"level": max(level, "info", key=_rank).upper()},
        "django.request": {"level": "ERROR"},
        "django.server": quiet,
        # Without Django's own handler, which would write each line twice.
        "django": {"handlers": [], "propagate": True},
    }


def configure(config: dict[str, Any]) -> None:
    """Put ``config`` in force, for warnings and for users of structlog as well.

    Django calls it, as ``LOGGING_CONFIG`` says.
    """
    logging.config.dictConfig(config)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )

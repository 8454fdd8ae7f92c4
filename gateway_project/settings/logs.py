"""Logging: structlog renders, the standard library routes. One line per event, to stderr."""

from __future__ import annotations

import logging
import logging.config
from functools import cached_property
from typing import Any

LEVELS = ("info", "debug", "warning", "error", "critical")


def _rank(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def _without_colours(_logger: Any, _name: str, event: Any) -> Any:
    """uvicorn says everything twice, the second time with terminal codes."""
    event.pop("color_message", None)
    return event


def _shared_processors() -> list[Any]:
    import structlog

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_colours,
    ]


class LineFormatter(logging.Formatter):
    """structlog's formatter, made for the first line: most commands log none, and it is slow to
    import.
    """

    def __init__(self, log_format: str) -> None:
        super().__init__()
        self._log_format = log_format

    def format(self, record: logging.LogRecord) -> str:
        return self._formatter.format(record)

    @cached_property
    def _formatter(self) -> logging.Formatter:
        import structlog

        from gateway_project.settings.censoring import censored_fields

        renderer: Any = (
            # Rich tracebacks would print local variables, keys among them.
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if self._log_format == "console"
            else structlog.processors.JSONRenderer()
        )
        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared_processors(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                censored_fields,
                renderer,
            ],
        )


def logging_config(log_format: str, level: str = "info") -> dict[str, Any]:
    """A ``logging`` configuration for ``console`` (for people) or ``json`` (for machines).

    ``level`` is one of ``LEVELS``.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structlog": {"()": LineFormatter, "log_format": log_format}},
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
    """Put ``config`` in force, also for warnings. Django calls it, as ``LOGGING_CONFIG`` says."""
    logging.config.dictConfig(config)
    logging.captureWarnings(capture=True)


def configure_structlog() -> None:
    """Have what filters and libraries log by structlog take the same way."""
    import structlog

    structlog.configure(
        processors=[*_shared_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )

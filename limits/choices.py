"""The words of limits. The values stand in the database, in YAML and in commands."""

from __future__ import annotations

from enum import StrEnum


class SubjectKind(StrEnum):
    """Who is limited. The last two limit what is sent to a provider, whoever asked."""

    EVERYONE = "everyone"
    GROUP = "group"
    USER = "user"
    KEY = "key"
    CONNECTION = "connection"
    CONNECTION_KEY = "connection_key"


OF_UPSTREAMS = frozenset({SubjectKind.CONNECTION, SubjectKind.CONNECTION_KEY})


class Share(StrEnum):
    """Whether those who are limited share one amount, or each has it alone."""

    POOL = "pool"
    EACH_USER = "each_user"
    EACH_KEY = "each_key"


class Metric(StrEnum):
    REQUESTS = "requests"
    TOKENS = "tokens"
    INPUT_TOKENS = "input_tokens"
    OUTPUT_TOKENS = "output_tokens"
    CONCURRENCY = "concurrency"
    USD = "usd"
    AUDIO_SECONDS = "audio_seconds"
    IMAGES = "images"


class Window(StrEnum):
    """``minute`` and ``hour`` roll; the others begin by the calendar. A concurrency has none."""

    NONE = ""
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


ROLLING = {Window.MINUTE: 60, Window.HOUR: 3600}  # seconds


class Mode(StrEnum):
    """``warn`` names the limit in a header and, at most once a minute, in the log; ``shadow`` only
    counts. Thresholds send alerts in every mode.
    """

    ENFORCE = "enforce"
    WARN = "warn"
    SHADOW = "shadow"


class OnOutage(StrEnum):
    """What holds while Redis, or the database behind it, cannot say what was used."""

    DEFAULT = ""
    LOCAL = "local"
    CLOSED = "closed"
    OPEN = "open"


class Unpriced(StrEnum):
    """What a limit of money does with a model whose price is not known."""

    REFUSE = "refuse"
    FREE = "free"
    ASSUME = "assume"

"""Log lines without keys, credentials and the queries of URLs, whoever writes them.

The formatter has the last word on a record: message, arguments, traceback, extra fields. So it is
there that text is censored; a filter would have to know all the places where a secret can hide.
A line that holds none of the hints below costs a few searches for short strings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

CENSORED = "…"
MOST_LEVELS = 6
SENTENCE_ENDS = "\"'>)]},.;:"
OUR_OWN = frozenset({"timestamp", "level"})
# Names of fields and parameters whose values are secret, in any case, with - or _ or neither.
SECRET_NAME = re.compile(
    r"(?i)(?:api[-_]?key|authorization|cookie|passw(?:or)?d|passphrase|secret|credential"
    r"|private[-_]?key|sessionid|token$|^(?:pwd|sig|signature)$)"
)
# A character of a value: not a space, a quote or a bracket, but an escape.
_VALUE = r"(?:[^\s\"'<>&;,)\]}\\]|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\\\)"
_NAME = (
    r"(?:api[-_]?key|passw(?:or)?d|pwd|secret|credential|sessionid|token|authorization"
    r"|private[-_]?key|[?&\s]sig)"
)
# name=value, name: value, "name": "value", and the pairs of lists of headers.
_IS = r"(?:\\*[\"']\s*,|(?:\\*[\"'])?\s*(?:=|%3D|:))\s*(?:b?\\*[\"'])?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``pattern`` can match only where one of ``hints`` stands, in lower case."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def _without_query(match: re.Match[str]) -> str:
    """The query is cut, and the punctuation of the sentence around the URL stays.

    A pattern that left it out itself would take time by the square of its length.
    """
    whole = match[0]
    query = whole.rstrip(SENTENCE_ENDS)
    return f"?{CENSORED}{whole[len(query) :]}" if len(query) > 1 else whole


_RULES = (
    Rule(  # scheme://user:password@host
        hints=("://",),
        pattern=re.compile(r"(?<=://)[^\s\"'<>]{0,512}@"),
        replacement=f"{CENSORED}@",
    ),
    Rule(  # a path or a URL, up to its query
        hints=("?",),
        pattern=re.compile(r"(?<=[\w/%.~:*\]-])\?\S+"),
        replacement=_without_query,
    ),
    Rule(  # a header with several values goes to the end of its line
        hints=("cookie",),
        pattern=re.compile(rf"(?i)(cookie{_IS})[^\n\"']+"),
        replacement=rf"\1{CENSORED}",
    ),
    Rule(
        hints=("key", "passw", "pwd", "secret", "credential", "session", "token", "auth", "sig"),
        pattern=re.compile(rf"(?i)({_NAME}{_IS})((?:bearer|basic|digest|negotiate)\s+)?{_VALUE}+"),
        replacement=rf"\1\2{CENSORED}",
    ),
    Rule(
        hints=("bearer", "basic"),
        pattern=re.compile(rf"(?i)\b(bearer|basic)(\s+|%20)(?!…){_VALUE}{{8,}}"),
        replacement=rf"\1\2{CENSORED}",
    ),
    Rule(  # the subprotocol that carries a key
        hints=("insecure-api-key",),
        pattern=re.compile(rf"(?i)(insecure-api-key\.)(?!…){_VALUE}+"),
        replacement=rf"\1{CENSORED}",
    ),
    Rule(  # keys of the gateway and of upstreams; a hint such as sk-gw-…4f2A stays
        hints=("sk-",),
        pattern=re.compile(r"(?<![A-Za-z0-9])(sk-(?:gw-)?)[A-Za-z0-9][A-Za-z0-9_-]{5,}"),
        replacement=rf"\1{CENSORED}",
    ),
    Rule(  # secrets for realtime clients, of the gateway and of upstreams
        hints=("ek_",),
        pattern=re.compile(r"(?<![A-Za-z0-9])(ek_)[A-Za-z0-9][A-Za-z0-9_-]{15,}"),
        replacement=rf"\1{CENSORED}",
    ),
    Rule(  # Google, Groq, Hugging Face, xAI, Perplexity, Replicate
        hints=("aiza", "gsk_", "hf_", "xai-", "pplx-", "r8_"),
        pattern=re.compile(r"\b(AIza|gsk_|hf_|xai-|pplx-|r8_)[A-Za-z0-9_-]{16,}"),
        replacement=rf"\1{CENSORED}",
    ),
    Rule(  # JSON Web Tokens
        hints=("eyj",),
        pattern=re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_.-]+"),
        replacement=f"eyJ{CENSORED}",
    ),
)


def censored(text: str) -> str:
    """``text`` without what the rules know."""
    lowered = text.lower()
    for rule in _RULES:
        for hint in rule.hints:
            if hint in lowered:
                text = rule.pattern.sub(rule.replacement, text)
                break
    return text


def censored_fields(_logger: Any, _name: str, event: Any) -> Any:
    """A processor of structlog: fields are judged by their names, and all text by its content."""
    return {
        name: value if name in OUR_OWN else _field(name, value) for name, value in event.items()
    }


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return SECRET_NAME.search(name) is not None


def _field(name: Any, value: Any, level: int = 0) -> Any:
    if isinstance(value, str):
        is_secret = bool(value) and isinstance(name, str) and _is_secret(name)
        return CENSORED if is_secret else censored(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(name, str) and _is_secret(name):
        return CENSORED
    if level < MOST_LEVELS and isinstance(value, Mapping):
        return {_field("", key): _field(key, item, level + 1) for key, item in value.items()}
    if level < MOST_LEVELS and isinstance(value, list | tuple | set | frozenset):
        return [_item(item, level + 1) for item in value]
    return censored(value.decode("latin-1") if isinstance(value, bytes) else _shown(value))


def _item(item: Any, level: int) -> Any:
    """An item of a list, which may be a header: a pair of a name and a value."""
    is_pair = isinstance(item, list | tuple) and len(item) == 2
    if is_pair and isinstance(item[0], str | bytes):
        name = item[0].decode("latin-1") if isinstance(item[0], bytes) else item[0]
        return [censored(name), _field(name, item[1], level)]
    return _field("", item, level)


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except (ValueError, TypeError, AttributeError, LookupError, RuntimeError):
        return f"<{type(value).__qualname__}>"

"""``/v1/embeddings``: vectors made from a hash, so the same text always has the same one."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from typing import Any

import orjson

from demo_upstream.errors import DemoError
from demo_upstream.fields import count_of
from demo_upstream.models import EMBEDDING_MODELS, chosen_model
from demo_upstream.text import count

DEFAULT_DIMENSIONS = 8
MOST_DIMENSIONS = 4096


def embeddings(body: dict[str, Any]) -> bytes:
    """The answer to ``body``. Raises ``DemoError``."""
    model = chosen_model(body, EMBEDDING_MODELS)
    texts = _texts(body)
    dimensions = count_of(body, "dimensions", most=MOST_DIMENSIONS) or DEFAULT_DIMENSIONS
    is_base64 = _is_base64(body)
    data = []
    for index, text in enumerate(texts):
        values = vector(text, dimensions)
        embedding = _packed(values) if is_base64 else values
        data.append({"object": "embedding", "index": index, "embedding": embedding})
    tokens = sum(map(count, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return orjson.dumps({"object": "list", "model": model, "data": data, "usage": usage})


def vector(text: str, dimensions: int) -> list[float]:
    """A direction of length 1 that depends on nothing but ``text``."""
    digest = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(2 * dimensions)
    # Odd numbers are never 0, so neither is the length.
    raw = [2 * value + 1 for value in struct.unpack(f"<{dimensions}h", digest)]
    length = math.hypot(*raw)
    return [value / length for value in raw]


def _packed(values: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def _texts(body: dict[str, Any]) -> list[str]:
    """One text for each vector wanted. Tokens stand for themselves."""
    given = body.get("input")
    is_one = isinstance(given, str) or _is_tokens(given)
    items = [given] if is_one else given
    if not isinstance(items, list) or not all(isinstance(i, str) or _is_tokens(i) for i in items):
        raise DemoError("`input` must be a string, tokens, or an array of either.", param="input")
    return [item if isinstance(item, str) else " ".join(map(str, item)) for item in items]


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(item) is int for item in value)


def _is_base64(body: dict[str, Any]) -> bool:
    encoding = body.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise DemoError("`encoding_format` must be float or base64.", param="encoding_format")
    return encoding == "base64"

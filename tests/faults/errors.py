"""Invariant E: an error as OpenAI shapes it, that shows nothing of what is behind."""

from __future__ import annotations

import json
from typing import Any

import httpx

SECRET = "sk-upstream-canary-4f1d"
HIDDEN = ("http://", "127.0.0.1", "<html", "10.0.0.7", SECRET, "Traceback")


def assert_openai_error(response: httpx.Response, status: int, code: str | None) -> None:
    """``response`` is an error of ``status``."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"].startswith("req_")
    assert_error_object(response.json()["error"], code)


def assert_error_object(error: dict[str, Any], code: str | None) -> None:
    """``error`` has the four fields, and ``code``."""
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert error["code"] == code
    assert_shows_nothing(error)


def assert_shows_nothing(error: Any) -> None:
    """No address, page, key or traceback."""
    shown = json.dumps(error)
    for hidden in HIDDEN:
        assert hidden not in shown
